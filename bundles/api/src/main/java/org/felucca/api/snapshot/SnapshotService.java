package org.felucca.api.snapshot;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Snapshots by name and namespace, over whichever {@link Snapshotter}s there are. Every method
 * takes the snapshotter's name and throws INVALID_ARGUMENT if there is none of that name after a
 * bounded wait.
 */
@ProviderType
public interface SnapshotService {
  /** The names of the snapshotters that are there now, sorted. */
  List<String> snapshotters();

  /** Whether a snapshotter can be used here; the first time it is tried out. */
  SnapshotterInfo snapshotter(String snapshotter);

  /**
   * A new writable snapshot.
   *
   * @param key its name until it is committed or removed
   * @param parent the committed snapshot below it, or null for an empty one
   * @return how to mount it
   * @throws EngineException ALREADY_EXISTS for a taken key (and, for a remote snapshotter, if the
   *     label {@code containerd.io/snapshot.ref} names a snapshot that is there); NOT_FOUND for the
   *     parent; INVALID_ARGUMENT if the parent is not committed
   */
  List<Mount> prepare(
      Scope scope,
      String snapshotter,
      String key,
      @Nullable String parent,
      Map<String, String> labels);

  /** A new read-only snapshot; as {@link #prepare} otherwise. */
  List<Mount> view(
      Scope scope,
      String snapshotter,
      String key,
      @Nullable String parent,
      Map<String, String> labels);

  /**
   * How to mount an active snapshot or a view; NOT_FOUND; FAILED_PRECONDITION for a committed one.
   */
  List<Mount> mounts(Scope scope, String snapshotter, String key);

  /**
   * Finishes an active snapshot. Its files are on the disk before its record says so.
   *
   * @param name its name from now on
   * @param key its name until now
   * @throws EngineException NOT_FOUND; ALREADY_EXISTS for a taken name; FAILED_PRECONDITION if it
   *     is not active
   */
  void commit(Scope scope, String snapshotter, String name, String key, Map<String, String> labels);

  /**
   * Takes a snapshot away; NOT_FOUND; FAILED_PRECONDITION if another one stands on it. With a scope
   * of durability ENGINE_CRASH its files may go a little later; a collection waits for them.
   */
  void remove(Scope scope, String snapshotter, String key);

  /** The record; NOT_FOUND. */
  SnapshotInfo stat(Scope scope, String snapshotter, String key);

  /**
   * Changes labels as {@link org.felucca.api.content.ContentService#update} does.
   *
   * @return the record afterwards
   */
  SnapshotInfo update(
      Scope scope, String snapshotter, String key, Map<String, String> labels, Set<String> paths);

  /** The records that match one of the filters, or all. */
  List<SnapshotInfo> list(Scope scope, String snapshotter, List<String> filters);

  /** What a snapshot alone takes; NOT_FOUND. */
  SnapshotUsage usage(Scope scope, String snapshotter, String key);

  /**
   * What snapshots take as it is recorded, by their keys, without looking at files: of committed
   * ones what was counted then, of the others what {@link #usage} last said, zeros if it was never
   * asked.
   */
  Map<String, SnapshotUsage> recordedUsage(Scope scope, String snapshotter);

  /** Deletes files that no record names. */
  void cleanup(String snapshotter);
}
