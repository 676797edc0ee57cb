/** What the engine says of itself. */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.info;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
