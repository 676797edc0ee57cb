package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An engine of a copy of the distribution, on a root and a state of its own, and the native client
 * for it. Closing it removes every container and checks that no process and no mount stays.
 */
final class TestEngine implements AutoCloseable {
  private final Path base;
  private final Path home;
  private final CgroupSetUp cgroups;
  private @Nullable Process process;
  private int starts;

  private TestEngine(Path base, Path home, CgroupSetUp cgroups) {
    this.base = base;
    this.home = home;
    this.cgroups = cgroups;
  }

  /** A running engine that has the image busybox. */
  static TestEngine start() {
    TestEngine engine = prepare();
    engine.startEngine();
    engine.felucca("image", "import", engine.home.resolve("images/busybox").toString()).ok();
    return engine;
  }

  /** A copy of the distribution, with nothing running. */
  static TestEngine prepare() {
    try {
      Path base = Files.createTempDirectory(Path.of("/var/tmp"), "felucca-it-");
      Path home = base.resolve("home");
      // Hard links where the disk allows it: a copy of its own costs nothing, and has a deploy
      // folder of its own.
      Result copy =
          Commands.run(
              base, List.of("cp", "-rlL", System.getProperty("felucca.home"), home.toString()));
      if (copy.status() != 0) {
        Commands.run(
                base, List.of("cp", "-rL", System.getProperty("felucca.home"), home.toString()))
            .ok();
      }
      Commands.run(base, List.of("chmod", "700", home.resolve("deploy").toString())).ok();
      return new TestEngine(base, home, CgroupSetUp.make());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path base() {
    return base;
  }

  Path home() {
    return home;
  }

  Path root() {
    return base.resolve("root");
  }

  Path state() {
    return base.resolve("state");
  }

  Path log() {
    return base.resolve("feluccad.log");
  }

  /** Starts it and waits until it is ready. */
  void startEngine() {
    try {
      starts++;
      process =
          new ProcessBuilder(
                  home.resolve("bin/feluccad").toString(),
                  "--root",
                  root().toString(),
                  "--state",
                  state().toString(),
                  "--address",
                  state().resolve("felucca.sock").toString(),
                  "--log-level",
                  "FINE")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
              .start();
      Process started = process;
      Commands.await(
          "engine is ready",
          () -> {
            assertTrue(started.isAlive(), this::logText);
            return logText().split(" ready", -1).length > starts;
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String logText() {
    try {
      return Files.exists(log()) ? Files.readString(log()) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends it at once, as a crash does. */
  void kill() {
    Process running = running();
    try {
      // The shell script becomes the JVM by exec, so this is the JVM.
      running.destroyForcibly();
      assertTrue(running.waitFor(10, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    process = null;
  }

  /** Ends it as a service manager does; returns its exit status. */
  int stopEngine() {
    Process running = running();
    try {
      running.destroy();
      assertTrue(running.waitFor(20, TimeUnit.SECONDS), this::logText);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    process = null;
    return running.exitValue();
  }

  private Process running() {
    Process running = process;
    if (running == null) {
      throw new AssertionError("the engine does not run");
    }
    return running;
  }

  /** The command line of the native client. */
  List<String> client(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/felucca").toString());
    command.add("--socket");
    command.add(state().resolve("shell.sock").toString());
    command.addAll(List.of(arguments));
    return command;
  }

  Result felucca(String... arguments) {
    return Commands.run(base, client(arguments));
  }

  /** Starts a client that goes on; its output goes to the file. */
  Process feluccaInBackground(Path output, String... arguments) {
    try {
      return new ProcessBuilder(client(arguments))
          .redirectInput(Path.of("/dev/null").toFile())
          .redirectErrorStream(true)
          .redirectOutput(output.toFile())
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      if (process == null || !process.isAlive()) {
        startEngine();
      }
      Result all = felucca("ps", "-aq");
      for (String id : all.out().lines().toList()) {
        felucca("rm", "-f", id).ok();
      }
      assertEquals(0, stopEngine(), this::logText);
      Commands.await("every shim has ended", () -> processesOfOurs().isEmpty());
      assertEquals(List.of(), mountsOfOurs());
    } finally {
      endWhatIsLeft();
      cgroups.close();
      delete();
    }
  }

  private List<String> mountsOfOurs() {
    try {
      return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
          .filter(line -> line.contains(base.toString()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The processes whose command lines name our folders: shims, loggers, the engine. */
  private List<ProcessHandle> processesOfOurs() {
    return ProcessHandle.allProcesses()
        .filter(p -> p.pid() != ProcessHandle.current().pid())
        .filter(p -> commandLine(p.pid()).contains(base.toString()))
        .toList();
  }

  private static String commandLine(long pid) {
    try {
      return new String(
              Files.readAllBytes(Path.of("/proc/" + pid + "/cmdline")),
              java.nio.charset.StandardCharsets.UTF_8)
          .replace('\0', ' ');
    } catch (IOException e) {
      return "";
    }
  }

  private void endWhatIsLeft() {
    processesOfOurs()
        .forEach(
            p -> {
              p.descendants().forEach(ProcessHandle::destroyForcibly);
              p.destroyForcibly();
            });
    for (String line : mountsOfOurs()) {
      Commands.run(Path.of("/var/tmp"), List.of("umount", "-l", line.split(" ")[4]));
    }
  }

  private void delete() {
    try (Stream<Path> tree = Files.walk(base)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
