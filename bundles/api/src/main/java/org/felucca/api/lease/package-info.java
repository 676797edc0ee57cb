/**
 * Leases: what keeps content and snapshots alive while they are not yet referenced.
 *
 * <p>A call whose {@link org.felucca.api.Scope} carries a lease adds what it touches to that lease.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.lease;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
