package org.felucca.metadata;

import java.util.Map;
import org.felucca.api.snapshot.Snapshotter;

/** What declarative services do for {@link Snapshotters} in the engine. */
public final class SnapshottersByHand {
  private SnapshottersByHand() {}

  /** A snapshotter comes. */
  public static void add(Snapshotters snapshotters, String name, Snapshotter snapshotter) {
    snapshotters.add(name, () -> snapshotter, Map.of(Snapshotter.NAME, name));
  }
}
