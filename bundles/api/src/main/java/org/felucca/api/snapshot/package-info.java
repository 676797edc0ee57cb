/**
 * File systems that are made of layers.
 *
 * <p>A snapshot begins <i>active</i> (writable) or as a <i>view</i> (read-only), usually over a
 * committed parent; an active one may be <i>committed</i> under a name and can then be a parent
 * itself. {@link Snapshotter} is the extension point: it turns a snapshot and its ancestors into
 * mounts and keeps the files. {@link SnapshotService} keeps the records (names, parents, labels)
 * per namespace, and calls the snapshotter with opaque ids, so an implementation needs no database
 * of its own.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.snapshot;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
