/**
 * What every contract of Felucca shares: errors, namespaces, scopes, identifiers, typed bytes and
 * progress.
 *
 * <p>The packages below this one hold one concern each. A contract marked {@code @ProviderType} is
 * implemented by Felucca and called by others; one marked {@code @ConsumerType} is an extension
 * point, which strangers implement and register as an OSGi service. Any service may go away at any
 * moment; a call in flight then ends normally or fails with {@link
 * org.felucca.api.ErrorKind#UNAVAILABLE} and may be tried again.
 *
 * <p>Calls are blocking and are made on virtual threads. Interrupting the calling thread cancels
 * the call, which then fails with {@link org.felucca.api.ErrorKind#CANCELLED}. No reference is null
 * unless it says so.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
