/**
 * Blobs, which are named by what they contain.
 *
 * <p>A blob is written through an ingest: opened under a reference, filled, and committed under its
 * digest; an ingest that is closed without commit stays on disk and can be resumed under the same
 * reference. {@link BlobStore} is the extension point: bytes on some disk, with no idea of
 * namespaces. {@link ContentService} is what everybody else calls: it knows namespaces, labels and
 * leases, and stands over one store.
 *
 * <p>Words: <i>digest</i>, <i>descriptor</i> as in the OCI image specification; <i>ingest</i> and
 * <i>ref</i> as in containerd.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.content;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
