/**
 * OCI documents and JSON.
 *
 * <p>{@link org.felucca.oci.Json} is where bundles read and write JSON, their own files too; nobody
 * else imports a JSON library. A document is first a {@link org.felucca.oci.JsonObject}, a typed
 * view over its tree that keeps what it does not know, with errors that name the place. {@link
 * org.felucca.oci.ImageManifest}, {@link org.felucca.oci.ImageIndex} and {@link
 * org.felucca.oci.ImageConfig} are read from it strictly: they come from strangers. {@link
 * org.felucca.oci.RuntimeSpec} stays a view, so that a client's spec passes through whole.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.oci;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
