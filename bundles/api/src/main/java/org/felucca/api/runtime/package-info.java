/**
 * OCI runtimes. Each is one service of type {@link Runtime}, usually published by a bundle that
 * holds nothing but a configuration. A container is pinned to the binary that created it: when a
 * runtime goes or is updated, its running containers are left untouched and go on being served with
 * the old binary.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.runtime;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
