package org.felucca.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What ctr and dockerd take for containerd, in a folder with all that is its own. Containers have a
 * root file system of busybox and no image.
 */
abstract class Containerd implements AutoCloseable {
  private static final List<String> PROGRAMS =
      List.of("sh", "echo", "cat", "sleep", "true", "stty", "seq", "tr", "head");

  private final Path base;
  private final List<Path> programs;
  private final List<Running> clients = new ArrayList<>();

  /**
   * @param base its folder
   * @param generation whose programs are its clients; null for the machine's own
   */
  Containerd(Path base, @Nullable OtherDebian generation) {
    this.base = base;
    this.programs =
        generation == null
            ? List.of(base.resolve("bin"))
            : List.of(base.resolve("bin"), generation.bin());
    try {
      Path bin = Files.createDirectories(rootfs().resolve("bin"));
      for (String folder : List.of("proc", "dev", "sys", "tmp", "run")) {
        Files.createDirectory(rootfs().resolve(folder));
      }
      Files.copy(Path.of("/bin/busybox"), bin.resolve("busybox"));
      for (String program : PROGRAMS) {
        Files.createSymbolicLink(bin.resolve(program), Path.of("busybox"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it listens. */
  abstract Path socket();

  /** The namespace of its clients. */
  abstract String namespace();

  /** The runtime by which Felucca's shim is asked for. */
  abstract String runtime();

  /** Starts it and waits until it answers. */
  abstract void startDaemon();

  /** Ends it at once, as a crash does. */
  abstract void kill();

  @Override
  public abstract void close();

  Path base() {
    return base;
  }

  Path rootfs() {
    return base.resolve("rootfs");
  }

  /** Where its programs are looked for before the machine's. */
  List<Path> programs() {
    return programs;
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

  List<String> client(String... arguments) {
    List<String> command =
        new ArrayList<>(List.of(program("ctr"), "-a", socket().toString(), "-n", namespace()));
    command.addAll(List.of(arguments));
    return command;
  }

  Result ctr(String... arguments) {
    return Commands.run(base, client(arguments));
  }

  /** A client that goes on; its output goes to a file. */
  Running inBackground(String... arguments) {
    Running client = Running.start(base, client(arguments));
    clients.add(client);
    return client;
  }

  /** A client on a terminal of its own. */
  TerminalClient onTerminal(List<String> command) {
    TerminalClient terminal = TerminalClient.open(base, command);
    clients.add(terminal.client());
    return terminal;
  }

  /** The arguments that run a program in a new container with Felucca's shim. */
  String[] running(String id, List<String> flags, String... program) {
    List<String> arguments = new ArrayList<>(List.of("run", "--runtime", runtime()));
    arguments.addAll(List.of("--fifo-dir", base + "/fifos"));
    arguments.addAll(List.of("--cgroup", "/felucca/" + namespace() + "/" + id));
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

  /** Ends the clients and removes every container. */
  void removeContainers() {
    clients.forEach(Running::end);
    for (String id : ctr("container", "ls", "-q").ok().out().lines().toList()) {
      remove(id);
    }
    Commands.await("every shim has ended", () -> Machine.shims(base).isEmpty());
  }
}
