package org.felucca.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The cgroups of one namespace's containers. crun refuses a hybrid set-up whose second version has
 * a controller: where hugetlb is that one it is mounted as first version for the time of a test.
 */
final class TestCgroups implements AutoCloseable {
  private static final Path ALL = Path.of("/sys/fs/cgroup");
  private static final Path HUGETLB = ALL.resolve("hugetlb");

  private final String namespace;
  private final boolean mounted;

  private TestCgroups(String namespace, boolean mounted) {
    this.namespace = namespace;
    this.mounted = mounted;
  }

  static TestCgroups make(String namespace) {
    try {
      Path controllers = ALL.resolve("unified/cgroup.controllers");
      if (!Files.exists(controllers) || !Files.readString(controllers).contains("hugetlb")) {
        return new TestCgroups(namespace, false);
      }
      Files.createDirectories(HUGETLB);
      Result mount =
          Commands.run(
              Path.of("/var/tmp"),
              List.of("mount", "-t", "cgroup", "-o", "hugetlb", "none", HUGETLB.toString()));
      return new TestCgroups(namespace, mount.status() == 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until no container has one any more. */
  void awaitNone() {
    Commands.await("no cgroup is left of " + namespace, () -> containers().isEmpty());
  }

  private List<Path> containers() throws IOException {
    List<Path> containers = new ArrayList<>();
    for (Path parent : parents()) {
      try (Stream<Path> children = Files.list(parent)) {
        children.filter(Files::isDirectory).forEach(containers::add);
      }
    }
    return containers;
  }

  /** The folder of the namespace in every hierarchy. */
  private List<Path> parents() throws IOException {
    List<Path> parents = new ArrayList<>();
    parents.add(ALL.resolve("felucca").resolve(namespace));
    try (DirectoryStream<Path> hierarchies = Files.newDirectoryStream(ALL)) {
      for (Path hierarchy : hierarchies) {
        parents.add(hierarchy.resolve("felucca").resolve(namespace));
      }
    } catch (NotDirectoryException e) {
      return List.of();
    }
    parents.removeIf(parent -> !Files.isDirectory(parent));
    return parents;
  }

  /** Ends what still runs in them, and takes them away. */
  @Override
  public void close() {
    try {
      for (Path container : containers()) {
        for (String pid : Files.readAllLines(container.resolve("cgroup.procs"))) {
          ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
        }
      }
      Commands.await("cgroups are empty", () -> containers().stream().allMatch(TestCgroups::gone));
      for (Path parent : parents()) {
        Files.deleteIfExists(parent);
      }
      if (mounted) {
        Path ours = HUGETLB.resolve("felucca");
        try (Stream<Path> others = Files.exists(ours) ? Files.list(ours) : Stream.empty()) {
          if (others.noneMatch(Files::isDirectory)) {
            Files.deleteIfExists(ours);
          }
        }
        Commands.run(Path.of("/var/tmp"), List.of("umount", HUGETLB.toString()));
        Commands.run(Path.of("/var/tmp"), List.of("rmdir", HUGETLB.toString()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean gone(Path cgroup) {
    return !Files.exists(cgroup) || cgroup.toFile().delete();
  }
}
