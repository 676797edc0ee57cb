package org.felucca.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * crun refuses a hybrid cgroup set-up whose second version has a controller. Where hugetlb is that
 * one it is mounted as first version for the time of a test.
 */
final class CgroupSetUp implements AutoCloseable {
  private static final Path HUGETLB = Path.of("/sys/fs/cgroup/hugetlb");

  private final boolean mounted;

  private CgroupSetUp(boolean mounted) {
    this.mounted = mounted;
  }

  static CgroupSetUp make() {
    try {
      Path controllers = Path.of("/sys/fs/cgroup/unified/cgroup.controllers");
      if (!Files.exists(controllers) || !Files.readString(controllers).contains("hugetlb")) {
        return new CgroupSetUp(false);
      }
      Files.createDirectories(HUGETLB);
      Result mount =
          Commands.run(
              Path.of("/var/tmp"),
              List.of("mount", "-t", "cgroup", "-o", "hugetlb", "none", HUGETLB.toString()));
      return new CgroupSetUp(mount.status() == 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    if (mounted) {
      Commands.run(Path.of("/var/tmp"), List.of("umount", HUGETLB.toString()));
      try {
        Files.deleteIfExists(HUGETLB);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
