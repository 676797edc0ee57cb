package org.felucca.api.snapshot;

import java.util.List;
import java.util.Map;

/**
 * A snapshot as a {@link Snapshotter} is told about it.
 *
 * @param id its id: letters and digits only, never used twice, safe as a file name
 * @param kind what it is
 * @param ancestors the ids of the committed snapshots below it, the nearest first; unmodifiable
 * @param labels its labels; unmodifiable
 */
public record SnapshotRef(
    String id, SnapshotKind kind, List<String> ancestors, Map<String, String> labels) {
  /** Copies the collections. */
  public SnapshotRef {
    ancestors = List.copyOf(ancestors);
    labels = Map.copyOf(labels);
  }
}
