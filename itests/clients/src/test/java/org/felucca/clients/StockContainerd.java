package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A containerd with a root, a state and a socket of its own, that finds Felucca's shim on its PATH:
 * the machine's, or one of another generation.
 */
final class StockContainerd extends Containerd {
  private final TestCgroups cgroups;
  private @Nullable Process process;

  private StockContainerd(Path base, @Nullable OtherDebian generation) {
    super(base, generation);
    this.cgroups = TestCgroups.make(namespace());
  }

  /** The machine's own, or that of another Debian. */
  static StockContainerd start(@Nullable OtherDebian generation) {
    try {
      StockContainerd daemon =
          new StockContainerd(
              Files.createTempDirectory(Path.of("/var/tmp"), "felucca-it-"), generation);
      Files.writeString(
          daemon.base().resolve("config.toml"),
          """
          version = 2
          root = "%1$s/root"
          state = "%1$s/state"
          disabled_plugins = [
            "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images",
            "io.containerd.cri.v1.runtime", "io.containerd.nri.v1.nri"]
          [grpc]
          address = "%2$s"
          """
              .formatted(daemon.base(), daemon.socket()));
      Commands.run(
              daemon.base(),
              List.of(
                  "cp",
                  "-rL",
                  Path.of(System.getProperty("felucca.home"), "bin").toString(),
                  daemon.base() + "/"))
          .ok();
      daemon.startDaemon();
      return daemon;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  Path socket() {
    return base().resolve("containerd.sock");
  }

  @Override
  String namespace() {
    return base().getFileName().toString();
  }

  @Override
  String runtime() {
    return "io.containerd.felucca.v2";
  }

  @Override
  void startDaemon() {
    try {
      ProcessBuilder builder =
          new ProcessBuilder(program("containerd"), "-c", base().resolve("config.toml").toString())
              .redirectErrorStream(true)
              .redirectOutput(
                  ProcessBuilder.Redirect.appendTo(base().resolve("containerd.log").toFile()));
      builder.environment().compute("PATH", (name, path) -> OtherDebian.first(programs(), path));
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Commands.await("containerd answers", () -> ctr("version").status() == 0);
  }

  @Override
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

  @Override
  public void close() {
    try {
      removeContainers();
      cgroups.awaitNone();
    } finally {
      kill();
      cgroups.close();
      Machine.endProcesses(base());
      Machine.unmount(base());
      Commands.run(
          Path.of("/var/tmp"), List.of("rm", "-rf", "--one-file-system", base().toString()));
    }
  }
}
