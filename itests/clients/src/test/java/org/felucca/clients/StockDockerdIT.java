package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Felucca's shim under docker 28.5 and containerd 2.1. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StockDockerdIT {
  private StockDockerd dockerd;

  StockDockerd started() {
    return StockDockerd.start(
        OtherDebian.SID,
        """
        { "default-runtime": "felucca",
          "runtimes": { "felucca": { "runtimeType": "io.containerd.felucca.v2" } } }
        """);
  }

  @BeforeAll
  void start() {
    dockerd = started();
  }

  @AfterAll
  void stop() {
    if (dockerd != null) {
      dockerd.close();
    }
  }

  StockDockerd dockerd() {
    return dockerd;
  }

  String[] running(List<String> flags, String... program) {
    List<String> arguments = new ArrayList<>(List.of("run", "--network", "none"));
    arguments.addAll(flags);
    arguments.add("busybox");
    arguments.addAll(List.of(program));
    return arguments.toArray(String[]::new);
  }

  void detached(String name, String script) {
    dockerd.docker(running(List.of("-d", "--name", name), "sh", "-c", script)).ok();
  }

  String state(String name, String field) {
    return dockerd.docker("inspect", "--format", "{{.State." + field + "}}", name).line();
  }

  void awaitState(String name, String status) {
    Commands.await(name + " is " + status, () -> state(name, "Status").equals(status));
  }

  /** The file that Felucca's shim runs. */
  String shim() {
    return "containerd-shim-felucca-v2";
  }

  /** The files that a container's shim runs, whatever it is called. */
  private List<String> programsOfShim(String id) {
    return Machine.processes(dockerd.containerd().base()).stream()
        .filter(process -> Machine.commandLine(process.pid()).contains("-id " + id))
        .map(process -> program(process.pid()))
        .filter(program -> !program.isEmpty())
        .distinct()
        .toList();
  }

  /** The name of the file that a process runs; empty if it has ended. */
  private static String program(long pid) {
    try {
      return String.valueOf(Files.readSymbolicLink(Path.of("/proc/" + pid + "/exe")).getFileName());
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void run_statusOutputAndShim() {
    Result result =
        dockerd.docker(
            running(List.of("--rm"), "sh", "-c", "echo out; echo err >&2; sleep 0.1; exit 7"));
    result.endsWith(7);
    assertEquals("out\n", result.out());
    assertTrue(result.err().contains("err\n"), result::toString);
    String id =
        dockerd
            .docker(running(List.of("-d", "--name", "whose"), "sh", "-c", "exec sleep 1000"))
            .line();
    assertEquals(List.of(shim()), programsOfShim(id));
    dockerd.docker("rm", "-f", "whose").ok();
  }

  @Test
  void run_onATerminal() {
    TerminalClient terminal =
        dockerd.onTerminal(
            running(
                List.of("--rm", "-it"),
                "sh",
                "-c",
                "until [ \"$(stty size)\" = '24 80' ]; do sleep 0.1; done; echo sized; read word; echo got-$word; exit 3"));
    terminal.awaitText("sized");
    terminal.type("typed\n");
    terminal.awaitText("got-typed");
    assertEquals(3, terminal.await());
  }

  @Test
  void container_wholeLife() {
    detached("life", "trap 'exit 5' TERM; while :; do sleep 0.1; done");
    dockerd.docker("exec", "life", "sh", "-c", "echo in; exit 9").endsWith(9);
    dockerd.docker("exec", "life", "echo", "again").prints("again\n");
    assertTrue(dockerd.docker("top", "life").ok().out().contains("sleep"));
    String usage =
        dockerd
            .docker("stats", "--no-stream", "--format", "{{.MemUsage}}|{{.PIDs}}", "life")
            .line();
    assertFalse(usage.startsWith("0B") || usage.endsWith("|0"), usage);
    dockerd.docker("pause", "life").ok();
    awaitState("life", "paused");
    dockerd.docker("unpause", "life").ok();
    dockerd.docker("update", "--memory", "64m", "--memory-swap", "64m", "life").ok();
    dockerd.docker("kill", "-s", "TERM", "life").ok();
    awaitState("life", "exited");
    assertEquals("5", state("life", "ExitCode"));
    dockerd.docker("start", "life").ok();
    dockerd.docker("kill", "life").ok();
    awaitState("life", "exited");
    assertEquals("137", state("life", "ExitCode"));
    dockerd.docker("rm", "life").ok();
  }

  @Test
  void memoryShortage_isTold() {
    dockerd.docker(
        running(
            List.of("--name", "hungry", "--memory", "16m", "--memory-swap", "16m"),
            "sh",
            "-c",
            "a=x; while :; do a=$a$a; done"));
    assertEquals("137", state("hungry", "ExitCode"));
    assertEquals("true", state("hungry", "OOMKilled"));
    dockerd.docker("rm", "hungry").ok();
  }

  @Test
  void daemonsKilled_containerGoesOnAndIsHeard() throws IOException {
    // It is silent while the daemon is killed, for what that has read is the daemon's to lose.
    detached(
        "kept",
        "seq 1 100; until [ -e /go ]; do sleep 0.05; done; seq 101 200; : > /said;"
            + " until [ -e /end ]; do sleep 0.05; done; exit 6");
    String pid = state("kept", "Pid");
    awaitLines("kept", 100);
    dockerd.kill();
    Path root = Path.of("/proc/" + pid + "/root");
    Files.createFile(root.resolve("go"));
    Commands.await("it has written meanwhile", () -> Files.exists(root.resolve("said")));
    dockerd.startDaemon();
    assertEquals("running", state("kept", "Status"));
    awaitLines("kept", 200);
    dockerd.containerd().kill();
    dockerd.containerd().startDaemon();
    Commands.await(
        "the daemon is at containerd again",
        () -> dockerd.docker("exec", "kept", "true").status() == 0);
    assertEquals(pid, state("kept", "Pid"));
    Files.createFile(root.resolve("end"));
    awaitState("kept", "exited");
    assertEquals("6", state("kept", "ExitCode"));
    assertEquals(
        IntStream.rangeClosed(1, 200).mapToObj(i -> i + "\n").collect(Collectors.joining()),
        dockerd.docker("logs", "kept").ok().out());
    dockerd.docker("rm", "kept").ok();
  }

  private void awaitLines(String name, int count) {
    Commands.await(
        count + " lines are in its log",
        () -> dockerd.docker("logs", name).ok().out().lines().count() == count);
  }
}
