package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Felucca's shim under the machine's own containerd, driven by ctr. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StockContainerdIT {
  private Containerd containerd;

  Containerd started() {
    return StockContainerd.start(null);
  }

  @BeforeAll
  void start() {
    containerd = started();
  }

  @AfterAll
  void stop() {
    containerd.close();
  }

  Containerd containerd() {
    return containerd;
  }

  private String[] exec(String id, String exec, List<String> flags, String... program) {
    List<String> arguments = new java.util.ArrayList<>(List.of("task", "exec"));
    arguments.addAll(List.of("--fifo-dir", containerd.base() + "/fifos", "--exec-id", exec));
    arguments.addAll(flags);
    arguments.add(id);
    arguments.addAll(List.of(program));
    return arguments.toArray(String[]::new);
  }

  @Test
  void run_statusAndOutput() {
    Result result =
        containerd.ctr(
            containerd.running(
                "once", List.of("--rm"), "/bin/sh", "-c", "echo out; echo err >&2; exit 7"));
    result.endsWith(7);
    assertEquals("out\n", result.out());
    assertTrue(result.err().contains("err\n"), result::toString);
    assertEquals("", containerd.ctr("container", "ls", "-q").line());
  }

  @Test
  void run_everyLineOfMuch() {
    Result result =
        containerd.ctr(containerd.running("much", List.of("--rm"), "/bin/seq", "1", "200000"));
    StringBuilder wanted = new StringBuilder();
    for (int i = 1; i <= 200_000; i++) {
      wanted.append(i).append('\n');
    }
    assertTrue(result.ok().out().contentEquals(wanted), "what came is not what was written");
  }

  @Test
  void run_missingProgramIsNamed() {
    Result result = containerd.ctr(containerd.running("missing", List.of("--rm"), "/no/such"));
    result.endsWith(1);
    assertTrue(result.err().contains("OCI runtime create failed"), result::toString);
    assertTrue(result.err().contains("no such file or directory"), result::toString);
    containerd.ctr("container", "rm", "missing");
  }

  @Test
  void task_wholeLife() {
    containerd.ctr(containerd.running("life", List.of("-d"), "/bin/sleep", "1000")).ok();
    containerd.ctr(exec("life", "plain", List.of(), "/bin/sh", "-c", "exit 5")).endsWith(5);
    // ctr tells the size of its terminal after the start.
    String script =
        "until [ \"$(stty size)\" = '24 80' ]; do sleep 0.1; done; echo sized; read word; echo got-$word; exit 3";
    TerminalClient terminal =
        containerd.onTerminal(
            containerd.client(exec("life", "tty", List.of("-t"), "/bin/sh", "-c", script)));
    terminal.awaitText("sized");
    terminal.type("typed\n");
    terminal.awaitText("got-typed");
    assertEquals(3, terminal.await());
    String metrics = containerd.ctr("task", "metrics", "life").ok().out();
    assertTrue(
        metrics.contains("memory.usage_in_bytes") || metrics.contains("memory.usage"), metrics);
    assertTrue(containerd.ctr("task", "ps", "life").ok().out().lines().count() > 1);
    containerd.ctr("task", "pause", "life").ok();
    assertTrue(containerd.ctr("task", "ls").ok().out().contains("PAUSED"));
    containerd.ctr("task", "resume", "life").ok();
    containerd.remove("life");
  }

  @Test
  void restart_taskGoesOn() {
    containerd.ctr(containerd.running("kept", List.of("-d"), "/bin/sleep", "1000")).ok();
    containerd.kill();
    containerd.startDaemon();
    assertTrue(containerd.ctr("task", "ls").ok().out().contains("RUNNING"));
    containerd.ctr(exec("kept", "after", List.of(), "/bin/echo", "again")).prints("again\n");
    containerd.remove("kept");
  }

  /** Whether a list of tasks shows that a task's shim has died. */
  boolean isCleanedUp(String tasks, String id) {
    return !tasks.contains(id);
  }

  @Test
  void shimKilled_taskIsCleanedUp() {
    containerd.ctr(containerd.running("orphan", List.of("-d"), "/bin/sleep", "1000")).ok();
    ProcessHandle shim =
        Machine.shims(containerd.base()).stream()
            .filter(p -> Machine.commandLine(p.pid()).contains("orphan"))
            .findFirst()
            .orElseThrow();
    shim.destroyForcibly();
    Commands.await(
        "the task is cleaned up",
        () -> isCleanedUp(containerd.ctr("task", "ls").ok().out(), "orphan"));
    containerd.ctr("container", "rm", "orphan").ok();
    assertEquals(List.of(), Machine.mounts(containerd.base()));
  }
}
