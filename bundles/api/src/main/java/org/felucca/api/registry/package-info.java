/**
 * Registries (OCI distribution specification 1.1): images that come from and go to other machines.
 *
 * <p>{@link RegistryClient} speaks with registries and keeps nothing; {@link RegistryLogins} knows
 * who one is there; {@link ImageTransferService} puts both together with the stores: it pulls an
 * image until it can run, and pushes one. {@link RegistryAccess} goes with every call and says what
 * differs from the configuration for this caller, a client's own credentials among it.
 *
 * <p>A name's registry is reached by the mirrors and with the certificates that the configuration
 * names for it. Credentials belong to one registry: none follows a redirect to another origin.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.registry;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
