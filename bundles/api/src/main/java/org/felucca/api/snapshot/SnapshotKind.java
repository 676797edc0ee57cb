package org.felucca.api.snapshot;

/** What a snapshot is. */
public enum SnapshotKind {
  /** Read-only and never committed. */
  VIEW,
  /** Writable. */
  ACTIVE,
  /** Finished; others may stand on it. */
  COMMITTED
}
