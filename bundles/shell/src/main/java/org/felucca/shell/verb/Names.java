package org.felucca.shell.verb;

/** What an argument of a verb names, for completion. */
public enum Names {
  /** Nothing that is known here. */
  NONE,
  /** A file or a folder of the client's machine. */
  FILES,
  /** Containers in any state. */
  CONTAINERS,
  /** Containers that run, also paused ones. */
  RUNNING,
  /** Containers that do not run. */
  STOPPED,
  /** Containers that are paused. */
  PAUSED,
  /** Images. */
  IMAGES,
  /** Containers, then images. */
  BOTH,
  /** Namespaces. */
  NAMESPACES,
  /** OCI runtimes. */
  RUNTIMES,
  /** Snapshotters. */
  SNAPSHOTTERS,
  /** Snapshots. */
  SNAPSHOTS,
  /** Leases. */
  LEASES,
  /** Volumes. */
  VOLUMES,
  /** A path of the client's machine, or of a container, behind its name and a colon. */
  PATHS,
  /** Words that name verbs. */
  VERBS;

  /** Whether containers are among them. */
  boolean areContainers() {
    return switch (this) {
      case CONTAINERS, RUNNING, STOPPED, PAUSED, BOTH -> true;
      default -> false;
    };
  }
}
