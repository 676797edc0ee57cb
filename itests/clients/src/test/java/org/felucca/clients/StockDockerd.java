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
 * A dockerd of some generation over what it takes for containerd, with all folders of its own and
 * no networks. Its image busybox holds the containerd's root file system.
 */
final class StockDockerd implements AutoCloseable {
  private final OtherDebian generation;
  private final Containerd containerd;
  private final Path base;
  private final List<Running> clients = new ArrayList<>();
  private @Nullable Process process;

  private StockDockerd(OtherDebian generation, Containerd containerd) {
    this.generation = generation;
    this.containerd = containerd;
    this.base = containerd.base();
  }

  /**
   * Starts both, of one generation.
   *
   * @param configuration the daemon's configuration file, in JSON; FOLDER stands for its folder
   */
  static StockDockerd start(OtherDebian generation, String configuration) {
    return start(generation, StockContainerd.start(generation), configuration);
  }

  /** Starts a daemon over a containerd that runs. */
  static StockDockerd start(OtherDebian generation, Containerd containerd, String configuration) {
    StockDockerd daemon = new StockDockerd(generation, containerd);
    try {
      Files.writeString(
          daemon.base.resolve("daemon.json"),
          configuration.replace("FOLDER", daemon.base.toString()));
      daemon.startDaemon();
      Path archive = daemon.base.resolve("rootfs.tar");
      Commands.run(
              daemon.base,
              List.of("tar", "-C", daemon.base + "/rootfs", "-cf", archive.toString(), "."))
          .ok();
      daemon.docker("import", archive.toString(), "busybox").ok();
      return daemon;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (AssertionError e) {
      daemon.close();
      throw e;
    }
  }

  Containerd containerd() {
    return containerd;
  }

  private Path log() {
    return base.resolve("dockerd.log");
  }

  void startDaemon() {
    List<String> command =
        new ArrayList<>(
            List.of(
                generation.program("dockerd"),
                "--config-file",
                base + "/daemon.json",
                "--containerd",
                containerd.socket().toString(),
                "--containerd-namespace",
                containerd.namespace(),
                "--containerd-plugins-namespace",
                containerd.namespace() + "-plugins",
                "--host",
                "unix://" + base + "/docker.sock",
                "--data-root",
                base + "/docker",
                "--exec-root",
                base + "/docker-run",
                "--pidfile",
                base + "/docker.pid",
                "--cgroup-parent",
                "/felucca/" + containerd.namespace(),
                "--live-restore",
                "--bridge=none",
                "--iptables=false",
                "--ip6tables=false",
                "--ip-forward=false",
                "--ip-masq=false"));
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
      builder
          .environment()
          .compute(
              "PATH",
              (name, path) ->
                  OtherDebian.first(List.of(base.resolve("bin"), generation.bin()), path));
      Process started = builder.start();
      process = started;
      Commands.await(
          "dockerd answers",
          () -> {
            assertTrue(started.isAlive(), this::logText);
            return docker("version").status() == 0;
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String logText() {
    try {
      return Files.readString(log());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends it at once, as a crash does. */
  void kill() {
    Process running = process;
    process = null;
    try {
      if (running != null) {
        running.destroyForcibly();
        assertTrue(running.waitFor(30, TimeUnit.SECONDS), "kill -9 ends dockerd");
      }
      // What is left of it would keep the next one from starting.
      Files.deleteIfExists(base.resolve("docker.pid"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  List<String> client(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                generation.program("docker"),
                "--config",
                base + "/docker-client",
                "--host",
                "unix://" + base + "/docker.sock"));
    command.addAll(List.of(arguments));
    return command;
  }

  Result docker(String... arguments) {
    return Commands.run(base, client(arguments));
  }

  /** A client on a terminal of its own. */
  TerminalClient onTerminal(String... arguments) {
    TerminalClient terminal = TerminalClient.open(base, client(arguments));
    clients.add(terminal.client());
    return terminal;
  }

  @Override
  public void close() {
    try {
      clients.forEach(Running::end);
      if (process != null && process.isAlive()) {
        for (String id : docker("ps", "-aq").ok().out().lines().toList()) {
          docker("rm", "-f", id).ok();
        }
      }
    } finally {
      kill();
      Machine.unmount(base.resolve("docker"));
      Machine.unmount(base.resolve("docker-run"));
      containerd.close();
    }
  }
}
