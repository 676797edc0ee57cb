/**
 * Namespaces and their labels. Everything but the bytes of blobs belongs to exactly one namespace.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.namespace;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
