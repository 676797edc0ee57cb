/**
 * Containers: the records of what shall run, and the use cases around them.
 *
 * <p>A container is a record that survives the engine; the process that runs in it is a <i>task</i>
 * ({@link org.felucca.api.task}). {@link ContainerStore} keeps the records, {@link
 * ContainerService} creates them from an image and options, finds, starts and removes them.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.container;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
