/**
 * Every record of the engine, in one SQLite file, and the services over it: namespaces, content,
 * snapshots, images, containers, leases, and the collector of garbage.
 *
 * <p>{@link org.felucca.metadata.Database} owns the file: one thread writes, a few read, callers
 * wait. Writes that come together are committed together, so they share one synchronisation of the
 * disk. Events are published once what they tell is committed, in that order.
 *
 * <p>Files (of blobs, of snapshots) are never touched inside a transaction. What is about to be
 * made is recorded first, marked as being made; what is taken away loses its record first. So after
 * a crash there may be files without a record, which are found and deleted, and never a finished
 * record without files.
 */
@NullMarked
package org.felucca.metadata;

import org.jspecify.annotations.NullMarked;
