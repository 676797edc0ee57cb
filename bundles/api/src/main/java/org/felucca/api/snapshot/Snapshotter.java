package org.felucca.api.snapshot;

import java.util.List;
import java.util.Set;
import org.felucca.api.EngineException;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * The snapshotter extension point: keeps the files of snapshots and says how they are mounted.
 * Names, parents and labels are kept by {@link SnapshotService}, which passes what is needed into
 * every call; so an implementation keeps no records, and a folder that it loses track of is found
 * by {@link #sweep}.
 *
 * <p>Published with the service property {@value #NAME}. It should be a delayed component that does
 * no work before its first call: one that nobody uses must cost nothing. Calls for different ids
 * may come at once, calls for one id do not. When the service goes away nothing happens to mounts
 * that exist; when it comes back it must take the same ids.
 */
@ConsumerType
public interface Snapshotter {
  /** The service property with the name under which users choose it, such as {@code overlayfs}. */
  String NAME = "felucca.snapshotter";

  /**
   * Why it can't be used where it keeps its files, such as a file system or a program that is
   * missing, and what to do; empty if it can. It is found out by trying, once at most while the
   * snapshotter lives, within a second, and leaves nothing behind.
   */
  String refusal();

  /**
   * Makes room for a new active snapshot or view. Called again after a crash or a power loss, it
   * makes whole what is missing and takes nothing away.
   *
   * @return how to mount it, as {@link #mounts} says
   * @throws EngineException FAILED_PRECONDITION with the {@link #refusal} if there is one;
   *     ALREADY_EXISTS from a remote snapshotter that has found what the label {@code
   *     containerd.io/snapshot.ref} names, and keeps it under this id as a committed snapshot
   */
  List<Mount> prepare(SnapshotRef snapshot);

  /**
   * How to mount it, as literal arguments of mount(2); for a committed one read-only.
   *
   * @throws EngineException NOT_FOUND if its files or those of an ancestor are not there
   */
  List<Mount> mounts(SnapshotRef snapshot);

  /**
   * Freezes an active snapshot. When this returns, its files survive a power loss. The ancestors
   * may be others than at {@link #prepare} if {@link #rebases} says so.
   *
   * @return what it takes
   */
  SnapshotUsage commit(SnapshotRef snapshot);

  /** Deletes the files; quietly does nothing if there are none. No snapshot stands on it. */
  void remove(String id);

  /** What it takes now. Can be a long running process for an active one. */
  SnapshotUsage usage(SnapshotRef snapshot);

  /**
   * Deletes the files of every snapshot but these: leftovers of crashes. No other call runs
   * meanwhile.
   *
   * @return how many were deleted
   */
  int sweep(Set<String> live);

  /** Whether a commit may put a snapshot over other ancestors than it was prepared with. */
  boolean rebases();
}
