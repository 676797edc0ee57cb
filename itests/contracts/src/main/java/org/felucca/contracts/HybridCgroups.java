package org.felucca.contracts;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.felucca.linux.LinuxException;
import org.felucca.linux.Mounts;

/**
 * crun insists on the hugetlb controller, which some machines with cgroup v1 have not mounted:
 * mounts it for the time of the tests.
 */
final class HybridCgroups {
  private static final Path HUGETLB = Path.of("/sys/fs/cgroup/hugetlb");
  private static boolean made;

  private HybridCgroups() {}

  static synchronized void make() throws Exception {
    boolean unified = Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"));
    boolean known = Files.readString(Path.of("/proc/cgroups")).contains("hugetlb");
    if (unified || !known || Files.exists(HUGETLB.resolve("tasks"))) {
      return;
    }
    Files.createDirectories(HUGETLB);
    Mounts.mount("cgroup", "none", HUGETLB.toString(), List.of("hugetlb"));
    made = true;
  }

  static synchronized void undo() throws Exception {
    if (!made) {
      return;
    }
    made = false;
    try {
      Mounts.unmount(HUGETLB.toString(), 0);
      Files.deleteIfExists(HUGETLB);
    } catch (LinuxException e) {
      // Somebody else's container uses it by now; it is theirs to unmount.
      System.err.println("hugetlb stays mounted: " + e.getMessage());
    }
  }
}
