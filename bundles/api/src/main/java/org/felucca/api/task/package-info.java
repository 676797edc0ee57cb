/**
 * Tasks: the running side of a container, and the processes executed in it.
 *
 * <p>A task is created, started, stopped by its own exit, and deleted by its client; only then its
 * exit status is forgotten. It belongs to a shim, never to the engine: when the engine restarts,
 * tasks are found again with their true state.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.task;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
