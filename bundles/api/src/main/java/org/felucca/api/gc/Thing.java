package org.felucca.api.gc;

import org.felucca.api.Namespace;

/**
 * A thing with a record: one that may be collected, or that keeps others from it.
 *
 * @param name digest, reference, key, name or id
 * @param snapshotter the snapshotter of a snapshot, empty for all others
 */
public record Thing(Kind kind, Namespace namespace, String name, String snapshotter) {
  /** The kinds of things. */
  public enum Kind {
    /** A blob, by its digest. */
    BLOB,
    /** A blob that is being written, by its reference. */
    INGEST,
    /** A snapshot, by its key. */
    SNAPSHOT,
    /** An image, by its name. */
    IMAGE,
    /** A container, by its id. */
    CONTAINER,
    /** A sandbox, by its id. */
    SANDBOX,
    /** A lease, by its id. */
    LEASE
  }
}
