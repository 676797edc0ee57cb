/** Launches, speaks to and recovers shims. */
@NullMarked
package org.felucca.shim;

import org.jspecify.annotations.NullMarked;
