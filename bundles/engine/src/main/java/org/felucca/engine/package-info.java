/** The use cases; the only bundle that knows the order of things. */
@NullMarked
package org.felucca.engine;

import org.jspecify.annotations.NullMarked;
