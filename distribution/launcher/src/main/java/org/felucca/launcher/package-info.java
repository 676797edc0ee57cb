/** Starts Felix and the bundles in one JVM. */
@NullMarked
package org.felucca.launcher;

import org.jspecify.annotations.NullMarked;
