package org.felucca.shim;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.linux.Cgroups;

/**
 * Moves shims out of the engine's cgroup, so that a limit or a kill of that one does not reach
 * them. Off unless a cgroup is configured: a move costs some milliseconds in every hierarchy of
 * version 1, and below systemd the administrator decides who may make groups where.
 */
final class ShimCgroup {
  private static final Logger LOG = Logger.getLogger(ShimCgroup.class.getName());

  private ShimCgroup() {}

  /**
   * Moves a process; a hierarchy that does not take it is left as it is, with a log line. Holds the
   * thread.
   *
   * @param path of the cgroup from the root of the hierarchies, such as {@code /felucca-shims}
   */
  static void move(String path, int pid) {
    for (Cgroups.Hierarchy hierarchy : Cgroups.detect().hierarchies()) {
      Path group = Path.of(hierarchy.mountPoint() + path);
      try {
        Files.createDirectories(group);
        Files.writeString(group.resolve("cgroup.procs"), Integer.toString(pid));
      } catch (IOException e) {
        LOG.log(
            Level.FINE,
            "shim not moved group={0} pid={1} reason={2}",
            new Object[] {group, pid, e.getMessage()});
      }
    }
  }
}
