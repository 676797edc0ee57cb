package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** docker 20.10 on Felucca instead of containerd. */
class FeluccaDockerdIT extends StockDockerdIT {
  @Override
  StockDockerd started() {
    return StockDockerd.start(
        OtherDebian.BOOKWORM,
        FeluccaContainerd.start(OtherDebian.BOOKWORM),
        """
        { "runtimes": { "quick": { "path": "crun" } } }
        """);
  }

  @Override
  String shim() {
    return "felucca-shim";
  }

  @Test
  void run_ofWhatCannotRun_hasDockersStatus() {
    dockerd().docker(running(List.of("--rm"), "/no/such")).fails(127, "no such file or directory");
    dockerd().docker(running(List.of("--rm"), "/etc")).fails(126, "permission denied");
  }

  @Test
  void run_withAnAddedRuntime() {
    dockerd()
        .docker(running(List.of("--rm", "--runtime", "quick"), "echo", "by crun"))
        .prints("by crun\n");
    dockerd().docker(running(List.of("--rm", "--runtime", "none"), "true")).refused("none");
  }

  @Test
  void run_withAVolumeInputAndLimits() throws IOException {
    Path shared = Files.createDirectory(dockerd().containerd().base().resolve("shared"));
    Path input = Files.writeString(shared.resolve("input"), "read from outside\n");
    Result result =
        Commands.run(
            shared,
            dockerd()
                .client(
                    running(
                        List.of("--rm", "-i", "-v", shared + ":/shared", "--memory", "64m"),
                        "sh",
                        "-c",
                        "cat > /shared/output; cat /shared/output")),
            input);
    assertEquals("read from outside\n", result.ok().out());
    assertEquals("read from outside\n", Files.readString(shared.resolve("output")));
  }

  @Test
  void restartPolicy_startsItAgain() {
    dockerd()
        .docker(
            running(
                List.of("-d", "--name", "again", "--restart", "on-failure:2"),
                "sh",
                "-c",
                "echo begun; exit 4"))
        .ok();
    Commands.await(
        "it was started three times",
        () ->
            state("again", "Status").equals("exited")
                && dockerd()
                    .docker("inspect", "--format", "{{.RestartCount}}", "again")
                    .line()
                    .equals("2"));
    assertEquals("4", state("again", "ExitCode"));
    dockerd().docker("logs", "again").prints("begun\nbegun\nbegun\n");
    dockerd().docker("rm", "again").ok();
  }

  @Test
  void exitWhileTheEngineIsDown_isHeard() throws IOException {
    detached("short", "until [ -e /end ]; do sleep 0.05; done; exit 8");
    detached("killed", "sleep 1000");
    Path root = Path.of("/proc/" + state("short", "Pid") + "/root");
    Path gone = Path.of("/proc/" + state("short", "Pid"));
    ProcessHandle killed = ProcessHandle.of(Long.parseLong(state("killed", "Pid"))).orElseThrow();
    dockerd().containerd().kill();
    Files.createFile(root.resolve("end"));
    assertTrue(killed.destroyForcibly());
    Commands.await("both have ended", () -> !Files.exists(gone) && !killed.isAlive());
    dockerd().containerd().startDaemon();
    awaitState("short", "exited");
    awaitState("killed", "exited");
    assertEquals("8", state("short", "ExitCode"));
    assertEquals("137", state("killed", "ExitCode"));
    dockerd().docker("start", "short").ok();
    awaitState("short", "exited");
    dockerd().docker("rm", "short", "killed").ok();
  }
}
