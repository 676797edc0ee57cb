/** Layers: laying one out over a folder, and the inverse. */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.diff;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
