/** The only way in for bundles: verified, resolved, swapped, and put back on failure. */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.update;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
