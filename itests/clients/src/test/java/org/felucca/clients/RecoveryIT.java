package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Containers outlive their engine, however it ends, and the next one knows them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecoveryIT {
  private static TestEngine engine;

  @BeforeAll
  void start() throws IOException {
    engine = started();
  }

  /** The engine to be killed. */
  TestEngine started() throws IOException {
    return TestEngine.start();
  }

  @AfterAll
  void stop() {
    engine.close();
  }

  @AfterEach
  void removeContainers() {
    for (String id : felucca("ps", "-aq", "--no-trunc").ok().out().lines().toList()) {
      engine.felucca("rm", "-f", id);
    }
    felucca("ps", "-aq").prints("");
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  /** A script that prints numbered lines until a file is there, and ends with a status. */
  private static String countUntil(String file, int status) {
    return "i=0; while [ ! -e "
        + file
        + " ]; do echo $i; i=$((i+1)); sleep 0.02; done; exit "
        + status;
  }

  /** These lines are all numbers from 0, none left out and none twice. */
  private static void assertCounted(String out) {
    long count = out.lines().count();
    assertTrue(count > 0);
    assertEquals(
        IntStream.range(0, (int) count).mapToObj(i -> i + "\n").collect(Collectors.joining()), out);
  }

  private static JsonObject summary(String container) {
    return felucca("inspect", "--format", "json", container)
        .json()
        .getFirst()
        .requiredObject("summary");
  }

  private static long pid(String container) {
    return summary(container).requiredNumber("pid");
  }

  private static boolean alive(long pid) {
    return ProcessHandle.of(pid).isPresent();
  }

  private static void killProcess(long pid) {
    Commands.run(engine.base(), List.of("kill", "-9", Long.toString(pid))).ok();
    Commands.await("process " + pid + " is gone", () -> !alive(pid));
  }

  private static void assertStopped(String container, long... statuses) {
    JsonObject summary = summary(container);
    assertEquals("stopped", summary.string("status"));
    long status = summary.requiredNumber("exit_status");
    assertTrue(
        java.util.Arrays.stream(statuses).anyMatch(s -> s == status), container + ": " + status);
  }

  @Test
  void killed_outputAndClientsGoOn() {
    engine.detached("logged", countUntil("/end", 3));
    Running follower = engine.inBackground("logs", "-f", "logged");
    Running waiting = engine.inBackground("wait", "logged");
    Running exec = engine.inBackground("exec", "logged", "sh", "-c", countUntil("/end-of-exec", 9));
    Running attached =
        engine.inBackground(
            "run", "--rm", "--name", "attached", "busybox", "sh", "-c", countUntil("/end", 7));
    TerminalClient terminal =
        engine.onTerminal(
            "run",
            "-it",
            "--rm",
            "--name",
            "screen",
            "busybox",
            "sh",
            "-c",
            countUntil("/end", 11));
    for (Running client : List.of(follower, exec, attached, terminal.client())) {
      client.awaitMoreLines(5);
    }

    engine.kill();
    // Nobody needs the engine for these.
    for (Running client : List.of(exec, attached, terminal.client())) {
      client.awaitMoreLines(20);
    }
    engine.startEngine();
    for (Running client : List.of(follower, exec, attached, terminal.client())) {
      client.awaitMoreLines(20);
    }

    felucca("exec", "logged", "touch", "/end-of-exec").ok();
    assertCounted(exec.await().endsWith(9).out());
    felucca("exec", "attached", "touch", "/end").ok();
    assertCounted(attached.await().endsWith(7).out());
    felucca("exec", "screen", "touch", "/end").ok();
    assertEquals(11, terminal.await());
    assertCounted(terminal.text().replace("\r\n", "\n"));
    felucca("exec", "logged", "touch", "/end").ok();
    waiting.await().prints("3\n");
    assertCounted(follower.await().ok().out());
    felucca("logs", "logged").prints(follower.out());
    felucca("ps", "-a", "--format", "json", "--filter", "name=attached").prints("");
  }

  @Test
  void killed_everyVerbWorksAfterwards() {
    String id = engine.counting("worker");
    long pid = pid("worker");
    engine.kill();
    engine.startEngine();
    felucca("ps", "-q", "--no-trunc").prints(id + "\n");
    assertEquals("running", engine.status("worker"));
    assertEquals(pid, pid("worker"));
    felucca("exec", "worker", "sh", "-c", "echo in; exit 4").endsWith(4);
    Running waiting = engine.inBackground("wait", "worker");
    felucca("stop", "-t", "0", "worker").prints("worker\n");
    waiting.await().prints("137\n");
    assertStopped("worker", 137);
    assertCounted(felucca("logs", "worker").ok().out());
    felucca("start", "worker").ok();
    assertEquals("running", engine.status("worker"));
    felucca("rm", "-f", "worker").ok();
  }

  @Test
  void killed_severalTimes_nothingIsLost() {
    engine.counting("steady");
    Running follower = engine.inBackground("logs", "-f", "steady");
    for (int i = 0; i < 3; i++) {
      follower.awaitMoreLines(10);
      engine.kill();
      engine.startEngine();
    }
    follower.awaitMoreLines(10);
    felucca("stop", "-t", "0", "steady").ok();
    assertCounted(follower.await().ok().out());
  }

  @Test
  void endedMeanwhile_isShownAsItEnded() throws IOException {
    Path flags = Files.createDirectories(engine.base().resolve("flags"));
    String volume = flags + ":/flags";
    String hold = "while [ ! -e /flags/go ]; do sleep 0.05; done; echo last words; exit ";
    felucca("run", "-d", "--name", "well", "-v", volume, "busybox", "sh", "-c", hold + 0).ok();
    felucca("run", "-d", "--name", "badly", "-v", volume, "busybox", "sh", "-c", hold + 7).ok();
    engine.detached("killed", "sleep 1000");
    Running temporary =
        engine.inBackground(
            "run", "--rm", "--name", "temporary", "-v", volume, "busybox", "sh", "-c", hold + 5);
    Running kept =
        engine.inBackground("run", "--name", "kept", "-v", volume, "busybox", "sh", "-c", hold + 6);
    engine.awaitStatus("killed", "running");
    Commands.await("all run", () -> felucca("ps", "-q").ok().out().lines().count() == 5);
    List<Long> pids =
        List.of(pid("well"), pid("badly"), pid("killed"), pid("temporary"), pid("kept"));

    engine.kill();
    Instant before = Instant.now().minus(Duration.ofSeconds(1));
    Files.createFile(flags.resolve("go"));
    killProcess(pids.get(2));
    Commands.await("all have ended", () -> pids.stream().noneMatch(RecoveryIT::alive));
    Instant after = Instant.now().plus(Duration.ofSeconds(1));
    engine.startEngine();

    temporary.await().endsWith(5);
    assertEquals("last words\n", temporary.out());
    kept.await().endsWith(6);
    assertEquals("last words\n", kept.out());
    assertStopped("well", 0);
    assertStopped("badly", 7);
    assertStopped("killed", 137);
    assertStopped("kept", 6);
    for (String name : List.of("well", "badly", "killed", "kept")) {
      Instant at = Instant.parse(summary(name).string("exited_at", ""));
      assertTrue(at.isAfter(before) && at.isBefore(after), name + " " + at + " not " + before);
    }
    felucca("wait", "well", "badly", "killed").prints("0\n7\n137\n");
    felucca("logs", "badly").prints("last words\n");
    felucca("inspect", "temporary").refused("temporary");
  }

  @Test
  void terminated_engineLeavesContainersRunning() {
    engine.counting("afloat");
    long pid = pid("afloat");
    Running follower = engine.inBackground("logs", "-f", "afloat");
    follower.awaitMoreLines(5);
    Instant begin = Instant.now();
    assertEquals(0, engine.stopEngine(), engine::logText);
    Duration took = Duration.between(begin, Instant.now());
    assertTrue(took.compareTo(Duration.ofSeconds(5)) < 0, "took " + took);
    assertTrue(alive(pid));
    engine.startEngine();
    assertEquals(pid, pid("afloat"));
    follower.awaitMoreLines(10);
    felucca("stop", "-t", "0", "afloat").ok();
    assertCounted(follower.await().ok().out());
  }

  @Test
  void shimKilled_engineUp_containerIsEnded() {
    String id = engine.counting("orphan");
    long pid = pid("orphan");
    killProcess(shimOf(id));
    engine.awaitStatus("orphan", "stopped");
    assertShimsTraceIsGone("orphan", id, pid);
  }

  @Test
  void shimKilled_engineDown_containerIsEnded() {
    String id = engine.counting("orphan");
    long pid = pid("orphan");
    engine.kill();
    killProcess(shimOf(id));
    engine.startEngine();
    assertShimsTraceIsGone("orphan", id, pid);
  }

  private static long shimOf(String id) {
    List<ProcessHandle> shims =
        Machine.shims(engine.base()).stream()
            .filter(shim -> Machine.commandLine(shim.pid()).contains(id))
            .toList();
    assertEquals(1, shims.size());
    return shims.getFirst().pid();
  }

  private static void assertShimsTraceIsGone(String name, String id, long pid) {
    assertStopped(name, 137, 255);
    Commands.await("the container's process is gone", () -> !alive(pid));
    felucca("logs", name).ok();
    felucca("rm", name).prints(name + "\n");
    assertEquals(List.of(), Machine.mounts(engine.base()));
    assertEquals(
        List.of(), Machine.files(engine.state()).stream().filter(f -> f.contains(id)).toList());
  }

  @Test
  void events_ofEveryExit_comeOnceOverRestarts() throws IOException {
    Path flags = Files.createDirectories(engine.base().resolve("events"));
    String first = engine.detached("first", "exit 1");
    engine.awaitStatus("first", "stopped");
    String second =
        felucca(
                "run",
                "-d",
                "-v",
                flags + ":/flags",
                "busybox",
                "sh",
                "-c",
                "while [ ! -e /flags/go ]; do sleep 0.05; done; exit 2")
            .line();
    String third = engine.counting("third");
    long pid = pid(second);
    Running follower = engine.inBackground("events", "--since", "0", "--format", "json");
    follower.awaitOut(third);

    engine.kill();
    Files.createFile(flags.resolve("go"));
    Commands.await("the second has ended", () -> !alive(pid));
    engine.startEngine();
    felucca("stop", "-t", "0", "third").ok();
    engine.kill();
    engine.startEngine();
    String last = engine.detached("last", "exit 4");
    engine.awaitStatus("last", "stopped");

    Running late = engine.inBackground("events", "--since", "0", "--format", "json");
    for (Running client : List.of(follower, late)) {
      Commands.await("the last exit is told", () -> exits(client, last).size() == 1);
      assertEquals(List.of(1L), exits(client, first), client::out);
      assertEquals(List.of(2L), exits(client, second), client::out);
      assertEquals(List.of(137L), exits(client, third), client::out);
    }
    assertFalse(follower.now().err().contains("missing"), follower.now()::toString);
  }

  /** The statuses in the exit events of a container. */
  private static List<Long> exits(Running events, String id) {
    String text = events.out();
    return text.substring(0, text.lastIndexOf('\n') + 1)
        .lines()
        .map(line -> Json.object(line.getBytes(StandardCharsets.UTF_8), "event"))
        .filter(event -> event.string("topic", "").equals("/tasks/exit"))
        .map(event -> event.requiredObject("event"))
        .filter(event -> event.string("container_id", "").equals(id))
        .map(event -> event.requiredNumber("exit_status"))
        .toList();
  }
}
