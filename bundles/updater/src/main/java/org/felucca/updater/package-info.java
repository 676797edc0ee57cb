/** The only way in for bundles. */
@NullMarked
package org.felucca.updater;

import org.jspecify.annotations.NullMarked;
