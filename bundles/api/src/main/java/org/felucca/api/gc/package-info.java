/**
 * Garbage collection: what nothing refers to goes.
 *
 * <p>The graph is containerd's: leases that live, images, containers and what bears the label
 * {@code containerd.io/gc.root} are kept, and with them what their {@code containerd.io/gc.ref.*}
 * labels name.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.gc;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
