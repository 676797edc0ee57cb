package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CgroupsTest {
  private final String path = "/felucca-test-" + ProcessHandle.current().pid();
  private final Cgroups cgroups = Cgroups.detect();

  @AfterEach
  void cleanUp() {
    if (cgroups.mode() != Cgroups.Mode.NONE) {
      cgroups.remove(path, Duration.ofSeconds(5));
    }
  }

  private static MountTable table(String text) {
    return MountTable.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void detect_unified() {
    Cgroups found =
        Cgroups.detect(
            table("1 0 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"),
            true);
    assertEquals(Cgroups.Mode.UNIFIED, found.mode());
    assertEquals(
        List.of(new Cgroups.Hierarchy("/sys/fs/cgroup", "/", Set.of())), found.hierarchies());
    assertTrue(found.hierarchies().getFirst().unified());
  }

  @Test
  void detect_hybridAndLegacy_andMountsTwice() {
    String legacy =
        """
        1 0 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
        2 0 0:31 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd
        3 0 0:30 / /other rw - cgroup cgroup rw,cpu,cpuacct
        """;
    Cgroups found = Cgroups.detect(table(legacy), false);
    assertEquals(Cgroups.Mode.LEGACY, found.mode());
    assertEquals(
        List.of(
            new Cgroups.Hierarchy("/sys/fs/cgroup/cpu,cpuacct", "/", Set.of("cpu", "cpuacct")),
            new Cgroups.Hierarchy("/sys/fs/cgroup/systemd", "/", Set.of("name=systemd"))),
        found.hierarchies());
    Cgroups hybrid =
        Cgroups.detect(
            table(legacy + "4 0 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"), false);
    assertEquals(Cgroups.Mode.HYBRID, hybrid.mode());
    assertEquals("/sys/fs/cgroup/unified", hybrid.hierarchies().getLast().mountPoint());
    assertEquals(Cgroups.Mode.NONE, Cgroups.detect(table(""), false).mode());
  }

  @Test
  void paths_ofAProcess_areParsed() {
    assertEquals(
        Map.of("name=systemd", "/a:b", "cpu,cpuacct", "/", "", "/user.slice"),
        Cgroups.parsePaths("12:name=systemd:/a:b\n3:cpu,cpuacct:/\n0::/user.slice\n"));
    assertFalse(Cgroups.pathsOf((int) ProcessHandle.current().pid()).isEmpty());
  }

  private void make(String below) throws IOException {
    for (Cgroups.Hierarchy hierarchy : cgroups.hierarchies()) {
      Files.createDirectories(Path.of(hierarchy.mountPoint() + path + below));
    }
  }

  private static boolean canHoldProcesses(Cgroups.Hierarchy hierarchy) {
    return !hierarchy.controllers().contains("cpuset"); // needs its cpus first
  }

  @Test
  void remove_nestedInEveryHierarchy_leavesNothing() throws IOException {
    assertFalse(cgroups.exists(path));
    make("/a/b");
    make("/a/c");
    make("/d");
    assertTrue(cgroups.exists(path));
    cgroups.remove(path, Duration.ZERO);
    assertFalse(cgroups.exists(path));
    cgroups.remove(path, Duration.ZERO);
  }

  @Test
  void remove_busy_waitsForTheEndOfItsProcesses() throws Exception {
    make("/a");
    Process process = new ProcessBuilder("sleep", "100").start();
    try {
      for (Cgroups.Hierarchy hierarchy : cgroups.hierarchies()) {
        if (canHoldProcesses(hierarchy)) {
          Files.writeString(
              Path.of(hierarchy.mountPoint() + path + "/a/cgroup.procs"), "" + process.pid());
        }
      }
      assertEquals(Set.of((int) process.pid()), cgroups.processes(path));
      LinuxException e =
          Expect.fails(Errno.EBUSY, () -> cgroups.remove(path, Duration.ofMillis(50)));
      assertTrue(e.getMessage().contains("[" + process.pid() + "]"), e::getMessage);
      Thread killer =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      Thread.sleep(150);
                    } catch (InterruptedException ignored) {
                      Thread.currentThread().interrupt();
                    }
                    process.destroyForcibly();
                  });
      cgroups.remove(path, Duration.ofSeconds(10));
      assertFalse(cgroups.exists(path));
      killer.join();
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void remove_interrupted_stopsWaiting() throws Exception {
    make("");
    Process process = new ProcessBuilder("sleep", "100").start();
    try {
      Cgroups.Hierarchy last = cgroups.hierarchies().getLast();
      Files.writeString(Path.of(last.mountPoint() + path + "/cgroup.procs"), "" + process.pid());
      Thread.currentThread().interrupt();
      Expect.fails(Errno.EINTR, () -> cgroups.remove(path, Duration.ofSeconds(10)));
      assertTrue(Thread.interrupted());
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void remove_dangerousPaths_areRefused() {
    for (String bad : List.of("", "/", "//", "/..", "/a/../..", "a", "/a/./b")) {
      Expect.fails(Errno.EINVAL, () -> cgroups.remove(bad, Duration.ZERO));
    }
    for (Cgroups.Hierarchy hierarchy : cgroups.hierarchies()) {
      assertTrue(new File(hierarchy.mountPoint()).isDirectory());
    }
  }
}
