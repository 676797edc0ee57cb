package org.felucca.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What of this machine belongs to a folder. */
final class Machine {
  private static final Set<String> SHIMS =
      Set.of("felucca-shim", "containerd-shim-felucca-v2", "containerd-shim-runc-v2");

  private Machine() {}

  /** The mounts at or of something below a folder. */
  static List<String> mounts(Path folder) {
    try {
      return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
          .filter(line -> line.contains(folder.toString()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The processes whose command lines name a folder: shims, loggers, the engine, clients. */
  static List<ProcessHandle> processes(Path folder) {
    return ProcessHandle.allProcesses()
        .filter(p -> p.pid() != ProcessHandle.current().pid())
        .filter(p -> commandLine(p.pid()).contains(folder.toString()))
        .toList();
  }

  /** The shims of an engine's containers. */
  static List<ProcessHandle> shims(Path folder) {
    return allShims(folder).stream().filter(p -> !waits(p)).toList();
  }

  /** The shims that an engine has started ahead, for no container yet. */
  static List<ProcessHandle> waitingShims(Path folder) {
    return allShims(folder).stream().filter(Machine::waits).toList();
  }

  private static List<ProcessHandle> allShims(Path folder) {
    return processes(folder).stream().filter(p -> SHIMS.contains(nameOf(p.pid()))).toList();
  }

  private static boolean waits(ProcessHandle shim) {
    return commandLine(shim.pid()).endsWith(" wait ");
  }

  /** The name of the program that a process runs. */
  private static String nameOf(long pid) {
    String program = commandLine(pid).split(" ", 2)[0];
    return program.substring(program.lastIndexOf('/') + 1);
  }

  static String commandLine(long pid) {
    try {
      return new String(
              Files.readAllBytes(Path.of("/proc/" + pid + "/cmdline")), StandardCharsets.UTF_8)
          .replace('\0', ' ');
    } catch (IOException e) {
      return "";
    }
  }

  static void endProcesses(Path folder) {
    for (ProcessHandle process : processes(folder)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  static void unmount(Path folder) {
    for (String line : mounts(folder)) {
      Commands.run(Path.of("/var/tmp"), List.of("umount", "-l", line.split(" ")[4]));
    }
  }

  /**
   * The names of all files below a folder, without the engine's caches, logs and database. What is
   * removed meanwhile is not among them.
   */
  static List<String> files(Path folder, String... but) {
    List<String> names = new ArrayList<>();
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes facts) {
              return visitFile(path, facts);
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes facts) {
              names.add(folder.relativize(path).toString());
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path path, IOException why) throws IOException {
              if (why instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
              }
              throw why;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path path, @Nullable IOException why)
                throws IOException {
              return why == null ? FileVisitResult.CONTINUE : visitFileFailed(path, why);
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return names.stream()
        .filter(name -> Stream.of(but).noneMatch(name::startsWith))
        .sorted()
        .toList();
  }
}
