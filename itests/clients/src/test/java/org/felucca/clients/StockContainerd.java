package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A containerd with a root, a state and a socket of its own, that finds Felucca's shim on its PATH:
 * the machine's, or one of another generation. Containers have a root file system of busybox and no
 * image.
 */
final class StockContainerd implements AutoCloseable {
  private static final List<String> PROGRAMS =
      List.of("sh", "echo", "cat", "sleep", "true", "stty", "seq", "tr", "head");

  private final Path base;
  private final List<Path> programs;
  private final String namespace;
  private final TestCgroups cgroups;
  private final List<Running> clients = new ArrayList<>();
  private @Nullable Process process;

  private StockContainerd(Path base, @Nullable OtherDebian generation) {
    this.base = base;
    this.programs =
        generation == null
            ? List.of(base.resolve("bin"))
            : List.of(base.resolve("bin"), generation.bin());
    this.namespace = base.getFileName().toString();
    this.cgroups = TestCgroups.make(namespace);
  }

  /** The machine's own, or that of another Debian. */
  static StockContainerd start(@Nullable OtherDebian generation) {
    try {
      StockContainerd daemon =
          new StockContainerd(
              Files.createTempDirectory(Path.of("/var/tmp"), "felucca-it-"), generation);
      Path bin = Files.createDirectories(daemon.rootfs().resolve("bin"));
      for (String folder : List.of("proc", "dev", "sys", "tmp", "run")) {
        Files.createDirectory(daemon.rootfs().resolve(folder));
      }
      Files.copy(Path.of("/bin/busybox"), bin.resolve("busybox"));
      for (String program : PROGRAMS) {
        Files.createSymbolicLink(bin.resolve(program), Path.of("busybox"));
      }
      Files.writeString(
          daemon.base.resolve("config.toml"),
          """
          version = 2
          root = "%1$s/root"
          state = "%1$s/state"
          disabled_plugins = [
            "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images",
            "io.containerd.cri.v1.runtime", "io.containerd.nri.v1.nri"]
          [grpc]
          address = "%1$s/containerd.sock"
          """
              .formatted(daemon.base));
      Commands.run(
              daemon.base,
              List.of(
                  "cp",
                  "-rL",
                  Path.of(System.getProperty("felucca.home"), "bin").toString(),
                  daemon.base + "/"))
          .ok();
      if (generation == OtherDebian.BOOKWORM) {
        // Docker of this generation asks for no other.
        Files.createSymbolicLink(
            daemon.base.resolve("bin/containerd-shim-runc-v2"),
            Path.of("containerd-shim-felucca-v2"));
      }
      daemon.startDaemon();
      return daemon;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path base() {
    return base;
  }

  String namespace() {
    return namespace;
  }

  private Path rootfs() {
    return base.resolve("rootfs");
  }

  void startDaemon() {
    try {
      ProcessBuilder builder =
          new ProcessBuilder(program("containerd"), "-c", base.resolve("config.toml").toString())
              .redirectErrorStream(true)
              .redirectOutput(
                  ProcessBuilder.Redirect.appendTo(base.resolve("containerd.log").toFile()));
      builder.environment().compute("PATH", (name, path) -> OtherDebian.first(programs, path));
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Commands.await("containerd answers", () -> ctr("version").status() == 0);
  }

  /** A program of its generation; the machine's own by its bare name. */
  String program(String name) {
    return programs.stream()
        .map(folder -> folder.resolve(name))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst()
        .orElse(name);
  }

  /** Ends it at once, as a crash does. */
  void kill() {
    Process running = process;
    try {
      if (running != null) {
        running.destroyForcibly();
        assertTrue(running.waitFor(30, TimeUnit.SECONDS), "kill -9 ends containerd");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    process = null;
  }

  List<String> client(String... arguments) {
    List<String> command =
        new ArrayList<>(List.of(program("ctr"), "-a", base + "/containerd.sock", "-n", namespace));
    command.addAll(List.of(arguments));
    return command;
  }

  Result ctr(String... arguments) {
    return Commands.run(base, client(arguments));
  }

  /** A client on a terminal of its own. */
  TerminalClient onTerminal(List<String> command) {
    TerminalClient terminal = TerminalClient.open(base, command);
    clients.add(terminal.client());
    return terminal;
  }

  /** The arguments that run a program in a new container with Felucca's shim. */
  String[] running(String id, List<String> flags, String... program) {
    List<String> arguments =
        new ArrayList<>(List.of("run", "--runtime", "io.containerd.felucca.v2"));
    arguments.addAll(List.of("--fifo-dir", base + "/fifos"));
    arguments.addAll(List.of("--cgroup", "/felucca/" + namespace + "/" + id));
    arguments.addAll(flags);
    arguments.addAll(List.of("--rootfs", rootfs().toString(), id));
    arguments.addAll(List.of(program));
    return arguments.toArray(String[]::new);
  }

  /** Ends and removes a container, and sees that nothing of it stays. */
  void remove(String id) {
    ctr("task", "kill", "-s", "KILL", id);
    Commands.await(
        id + " has ended",
        () ->
            ctr("task", "ls")
                .ok()
                .out()
                .lines()
                .noneMatch(line -> line.startsWith(id + " ") && !line.contains("STOPPED")));
    ctr("task", "rm", id);
    ctr("container", "rm", id).ok();
  }

  @Override
  public void close() {
    try {
      clients.forEach(Running::end);
      for (String id : ctr("container", "ls", "-q").ok().out().lines().toList()) {
        remove(id);
      }
      Commands.await("every shim has ended", () -> Machine.shims(base).isEmpty());
      cgroups.awaitNone();
    } finally {
      kill();
      cgroups.close();
      Machine.endProcesses(base);
      Machine.unmount(base);
      Commands.run(Path.of("/var/tmp"), List.of("rm", "-rf", "--one-file-system", base.toString()));
    }
  }
}
