/** Making the OCI runtime specification of a container; pure functions of their arguments. */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.spec;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
