/**
 * Volumes: folders that the engine keeps for containers, and that outlive them.
 *
 * <p>A volume with a name stays until somebody removes it. One without is made for a container that
 * asks for it, by an option or by its image; it goes with the container if that removes itself, or
 * when it is asked for. An empty volume is filled, when a container gets it, with what the image
 * has at its place.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.volume;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
