/**
 * Starts the engine: one JVM, one Felix framework, every other part a bundle.
 *
 * <p>The order matters. The options are read and the folders checked; the locks of root and state
 * are taken, so that nothing below touches what another engine owns; then the listening sockets are
 * bound, so that a client that comes early waits in the kernel's queue instead of being refused;
 * then Felix starts with the distribution's bundles. The engine is ready when a bundle publishes
 * the condition {@code felucca.ready}.
 */
@NullMarked
package org.felucca.launcher;

import org.jspecify.annotations.NullMarked;
