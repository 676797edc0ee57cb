/**
 * Shims: the small processes that own containers, spoken to by containerd's shim v2 protocol.
 *
 * <p>A shim is launched for a bundle folder, outlives the engine, and is found again by {@link
 * ShimService#recover}.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.shim;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
