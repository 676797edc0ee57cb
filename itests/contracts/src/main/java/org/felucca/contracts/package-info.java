/** One contract suite per extension point. */
@NullMarked
package org.felucca.contracts;

import org.jspecify.annotations.NullMarked;
