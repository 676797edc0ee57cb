/**
 * Certificates of the engine's own authority, for clients on other machines.
 *
 * <p>{@link CertificateAuthority#init} makes the authority and the engine's own certificate; each
 * client then gets one by {@link CertificateAuthority#client}. Files lie below the folder of the
 * configuration; a private key is readable for root only.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.certificate;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
