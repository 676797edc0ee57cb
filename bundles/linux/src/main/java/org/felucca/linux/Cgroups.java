package org.felucca.linux;

import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The control groups of this machine, in every hierarchy that is mounted, see cgroups(7). A path is
 * given as /proc/PID/cgroup shows it, from the root of the hierarchies: {@code
 * /felucca/default/one}.
 *
 * @param mode what the machine uses
 * @param hierarchies all that are mounted, the unified one last
 */
public record Cgroups(Mode mode, List<Hierarchy> hierarchies) {
  private static final String UNIFIED_MOUNT = "/sys/fs/cgroup";
  private static final Duration FIRST_PAUSE = Duration.ofMillis(2);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);

  public Cgroups {
    hierarchies = List.copyOf(hierarchies);
  }

  /** Which generation of control groups is in use. */
  public enum Mode {
    /** Version 2 alone, on /sys/fs/cgroup. */
    UNIFIED,
    /** Version 1 with its controllers, and version 2 beside it for naming only. */
    HYBRID,
    /** Version 1 alone. */
    LEGACY,
    /** None is mounted. */
    NONE
  }

  /**
   * A mounted hierarchy.
   *
   * @param mountPoint where it is
   * @param root which of its groups is seen there, {@code /} unless this is itself a container
   * @param controllers those of version 1, {@code name=systemd} and its like included; empty for
   *     version 2
   */
  public record Hierarchy(String mountPoint, String root, Set<String> controllers) {
    public Hierarchy {
      controllers = Set.copyOf(controllers);
    }

    /** Whether it is version 2. */
    public boolean unified() {
      return controllers.isEmpty();
    }
  }

  /** Looks at what is mounted now. */
  public static Cgroups detect() {
    return detect(MountTable.read(), unifiedMounted());
  }

  private static boolean unifiedMounted() {
    try {
      return FileSystemInfo.of(UNIFIED_MOUNT).magic() == FileSystemInfo.CGROUP2;
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  static Cgroups detect(MountTable table, boolean unifiedMounted) {
    // A hierarchy may be mounted more than once: its file system's number tells.
    Map<DeviceNumber, Hierarchy> legacy = new LinkedHashMap<>();
    Map<DeviceNumber, Hierarchy> unified = new LinkedHashMap<>();
    for (MountInfo mount : table.mounts()) {
      if (mount.type().equals("cgroup")) {
        legacy.putIfAbsent(
            mount.device(), new Hierarchy(mount.mountPoint(), mount.root(), controllers(mount)));
      } else if (mount.type().equals("cgroup2")) {
        unified.putIfAbsent(
            mount.device(), new Hierarchy(mount.mountPoint(), mount.root(), Set.of()));
      }
    }
    Mode mode;
    if (unifiedMounted) {
      mode = Mode.UNIFIED;
    } else if (legacy.isEmpty()) {
      mode = Mode.NONE;
    } else {
      mode = unified.isEmpty() ? Mode.LEGACY : Mode.HYBRID;
    }
    List<Hierarchy> all = new ArrayList<>(legacy.values());
    all.addAll(unified.values());
    return new Cgroups(mode, all);
  }

  private static Set<String> controllers(MountInfo mount) {
    Set<String> controllers = new TreeSet<>(mount.superOptions());
    controllers.removeAll(
        Set.of("rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode"));
    controllers.removeIf(option -> option.startsWith("release_agent="));
    // A hierarchy without controllers has a name; if even that is hidden, it is still version 1.
    return controllers.isEmpty() ? Set.of("name=") : controllers;
  }

  /**
   * The groups of a process, by the hierarchy's controllers joined with commas; the key of version
   * 2 is the empty string.
   *
   * @throws LinuxException ENOENT or ESRCH if there is no such process
   */
  public static Map<String, String> pathsOf(int pid) {
    return parsePaths(ProcFile.read("/proc/" + pid + "/cgroup"));
  }

  static Map<String, String> parsePaths(String content) {
    Map<String, String> paths = new LinkedHashMap<>();
    for (String line : content.lines().toList()) {
      String[] fields = line.split(":", 3);
      if (fields.length == 3) {
        paths.put(fields[1], fields[2]);
      }
    }
    return paths;
  }

  /** Whether any hierarchy has this group. */
  public boolean exists(String path) {
    return hierarchies.stream().map(h -> locate(h, path)).anyMatch(File::isDirectory);
  }

  /** All processes in this group and those below it, in any hierarchy. */
  public Set<Integer> processes(String path) {
    Set<Integer> pids = new TreeSet<>();
    for (Hierarchy hierarchy : hierarchies) {
      for (File group : bottomUp(locate(hierarchy, path))) {
        try {
          ProcFile.read(group + "/cgroup.procs").lines().map(Integer::valueOf).forEach(pids::add);
        } catch (LinuxException e) {
          if (!gone(e) && !e.is(Errno.EOPNOTSUPP)) { // a threaded group of version 2 lists none
            throw e;
          }
        }
      }
    }
    return pids;
  }

  /**
   * Removes a group and all below it from every hierarchy. A group that still holds processes, or
   * whose processes are just ending, is busy: it is tried again, with pauses of 2 to 100 ms, until
   * {@code patience} is over. Sleeps without holding a carrier.
   *
   * @param path with at least one name, never the root
   * @throws LinuxException EBUSY with the processes that hold it, EINVAL for the root or a path
   *     with {@code ..}, EINTR if the thread was interrupted (which it then still is)
   */
  public void remove(String path, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    Duration pause = FIRST_PAUSE;
    Collection<File> left =
        new ArrayList<>(hierarchies.stream().map(h -> locate(h, path)).toList());
    while (true) {
      left.removeIf(Cgroups::tryRemove);
      if (left.isEmpty()) {
        return;
      }
      if (System.nanoTime() - end >= 0) {
        throw new LinuxException(
            "rmdir",
            left.iterator().next().toString(),
            Errno.EBUSY,
            "the control group still holds processes " + processes(path));
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new LinuxException("rmdir", path, Errno.EINTR, "the thread was interrupted");
      }
      pause =
          pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
              ? pause.multipliedBy(2)
              : LONGEST_PAUSE;
    }
  }

  /** Removes what it can, and tells whether nothing is left. */
  private static boolean tryRemove(File top) {
    for (File group : bottomUp(top)) {
      byte[] bytes = FileNames.terminated(group.getPath());
      try {
        Kernel.call(
            "rmdir", group.getPath(), () -> Libc.unlinkat(Libc.AT_FDCWD, bytes, Libc.AT_REMOVEDIR));
      } catch (LinuxException e) {
        if (gone(e)) {
          continue;
        } else if (e.is(Errno.EBUSY) || e.is(Errno.ENOTEMPTY)) {
          return false;
        }
        throw e;
      }
    }
    return true;
  }

  private static boolean gone(LinuxException e) {
    return e.is(Errno.ENOENT) || e.is(Errno.ENODEV);
  }

  /**
   * The group and all below it, each before its parent; there are no links in these file systems.
   */
  private static List<File> bottomUp(File top) {
    List<File> topDown = new ArrayList<>();
    topDown.add(top);
    for (int i = 0; i < topDown.size(); i++) {
      File[] below = topDown.get(i).listFiles(File::isDirectory);
      if (below != null) {
        topDown.addAll(List.of(below));
      }
    }
    return topDown.reversed();
  }

  private static File locate(Hierarchy hierarchy, String path) {
    List<String> names = List.of(path.split("/", -1));
    if (!path.startsWith("/")
        || names.stream().allMatch(String::isEmpty)
        || names.contains("..")
        || names.contains(".")) {
      throw new LinuxException("rmdir", path, Errno.EINVAL, "no path of a control group");
    }
    String root = hierarchy.root();
    boolean below = !root.equals("/") && path.startsWith(root + "/");
    return new File(hierarchy.mountPoint(), below ? path.substring(root.length()) : path);
  }
}
