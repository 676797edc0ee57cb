package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The life of containers, by every verb that has to do with it. */
class LifecycleIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  @AfterEach
  void removeContainers() {
    engine.removeContainers();
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static JsonObject summary(String container) {
    return felucca("inspect", "--format", "json", container)
        .json()
        .getFirst()
        .requiredObject("summary");
  }

  @Test
  void create_thenStart_runsOnceMoreEachTime() {
    String id = felucca("create", "--name", "twice", "busybox", "echo", "again").line();
    assertTrue(id.matches("[0-9a-f]{64}"), id);
    assertEquals("created", engine.status("twice"));
    felucca("start", "twice").prints("twice\n");
    felucca("wait", "twice").prints("0\n");
    engine.awaitStatus("twice", "stopped");
    felucca("start", "-a", "twice").prints("again\n");
    felucca("logs", "twice").prints("again\nagain\n");
  }

  @Test
  void start_interactive_joinsInputAndStatus() throws Exception {
    felucca("create", "-i", "--name", "adder", "busybox", "sh", "-c", "read a b; exit $((a + b))")
        .ok();
    Path input = Files.writeString(engine.base().resolve("numbers"), "30 12\n");
    engine.feluccaReading(input, "start", "-i", "adder").endsWith(42);
  }

  @Test
  void start_running_isRefused() {
    engine.detached("once", "sleep 1000");
    felucca("start", "once").refused("once", "running already");
  }

  @Test
  void stop_sendsTheStopSignal_thenKills() {
    engine.detached("obedient", "trap 'exit 9' TERM; while :; do sleep 0.05; done");
    engine.detached("stubborn", "trap '' TERM; while :; do sleep 0.05; done");
    Commands.await("traps are set", () -> felucca("exec", "stubborn", "true").status() == 0);
    felucca("stop", "-t", "60", "obedient").prints("obedient\n");
    felucca("stop", "-t", "0", "stubborn").prints("stubborn\n");
    assertEquals(9, summary("obedient").number("exit_status", -1));
    assertEquals(137, summary("stubborn").number("exit_status", -1));
    felucca("stop", "obedient").prints("obedient\n");
  }

  @Test
  void kill_byNameAndNumber_reaches() {
    for (String signal : List.of("USR1", "SIGUSR1", "10")) {
      String name = "killed-" + signal;
      String id =
          engine.detached(name, "trap 'exit 3' USR1; echo up; while :; do sleep 0.05; done");
      Commands.await("it is up", () -> felucca("logs", id).out().equals("up\n"));
      felucca("kill", "-s", signal, name).ok();
      felucca("wait", name).prints("3\n");
    }
    felucca("kill", "killed-10").refused("killed-10", "does not run");
    felucca("kill", "-s", "NONSENSE", "killed-10").refused("NONSENSE");
  }

  @Test
  void exec_givesEnvironmentUserFolderAndStatus() {
    engine.detached("host", "sleep 1000");
    felucca(
            "exec",
            "-e",
            "COLOUR=blue",
            "-u",
            "daemon",
            "-w",
            "/tmp",
            "host",
            "sh",
            "-c",
            "echo $COLOUR $(id -un) $(pwd); echo wrong >&2; exit 23")
        .endsWith(23);
    Result result = felucca("exec", "host", "sh", "-c", "printf out; printf err >&2");
    assertEquals("out", result.ok().out());
    assertEquals("err", result.err());
    felucca("exec", "host", "no-such-program").fails(127, "no-such-program");
  }

  @Test
  void exec_readsStandardInput() throws Exception {
    engine.detached("reader", "sleep 1000");
    Path input = Files.writeString(engine.base().resolve("lines"), "b\na\n");
    engine.feluccaReading(input, "exec", "-i", "reader", "sort").prints("a\nb\n");
  }

  @Test
  void exec_detached_goesOnInTheBackground() {
    engine.detached("worker", "sleep 1000");
    felucca("exec", "-d", "worker", "sh", "-c", "echo done > /proof").ok();
    Commands.await(
        "the program in the background has written",
        () -> felucca("exec", "worker", "cat", "/proof").out().equals("done\n"));
  }

  @Test
  void exec_terminal_isOneOfItsOwn() {
    engine.detached("screen", "sleep 1000");
    TerminalClient terminal =
        engine.onTerminal(
            "exec",
            "-it",
            "screen",
            "sh",
            "-c",
            "tty; until [ \"$(stty size)\" = '24 80' ]; do sleep 0.05; done; echo sized; read x; exit 6");
    terminal.awaitText("sized");
    assertTrue(terminal.text().contains("/dev/pts/"), terminal::text);
    terminal.type("\r");
    assertEquals(6, terminal.await());
  }

  @Test
  void exec_inAStoppedContainer_isRefused() {
    felucca("create", "--name", "idle", "busybox", "true").ok();
    felucca("exec", "idle", "true").refused("idle");
  }

  @Test
  void attach_detachKeysLetGo_andAnotherOneSeesTheEnd() {
    felucca("run", "-dit", "--name", "desk", "busybox", "sh").ok();
    TerminalClient first = engine.onTerminal("attach", "desk");
    first.type("echo one-$((1 + 1))\r");
    first.awaitText("one-2");
    first.type("\u0010\u0011"); // ctrl-p, ctrl-q
    assertEquals(0, first.await());
    assertEquals("running", engine.status("desk"));
    TerminalClient second = engine.onTerminal("attach", "--detach-keys", "ctrl-a,d", "desk");
    second.type("echo two-$((1 + 1))\r");
    second.awaitText("two-2");
    second.type("\u0001d");
    assertEquals(0, second.await());
    TerminalClient third = engine.onTerminal("attach", "desk");
    third.type("exit 17\r");
    assertEquals(17, third.await());
  }

  @Test
  void attach_toWhatDoesNotRun_isRefused() {
    felucca("create", "--name", "still", "busybox", "true").ok();
    felucca("attach", "still").refused("still", "does not run");
  }

  @Test
  void logs_everyByte_isThere() throws Exception {
    // All 256 values, no newline at the end, and a line longer than a record.
    String script =
        "i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %03o $i)\"; i=$((i+1)); done;"
            + " head -c 40000 /dev/zero | tr '\\0' y; printf end";
    felucca("run", "-d", "--name", "binary", "busybox", "sh", "-c", script).ok();
    felucca("wait", "binary").prints("0\n");
    byte[] expected = new byte[256 + 40000 + 3];
    for (int i = 0; i < 256; i++) {
      expected[i] = (byte) i;
    }
    java.util.Arrays.fill(expected, 256, 256 + 40000, (byte) 'y');
    System.arraycopy(
        "end".getBytes(java.nio.charset.StandardCharsets.US_ASCII), 0, expected, 40256, 3);
    engine.awaitStatus("binary", "stopped");
    assertArrayEquals(expected, felucca("logs", "binary").ok().outBytes());
    assertArrayEquals(expected, felucca("logs", "-f", "binary").ok().outBytes());
  }

  @Test
  void logs_outputAndErrors_areToldApart() {
    engine.detached("both", "echo one; echo two >&2; echo three");
    engine.awaitStatus("both", "stopped");
    Result all = felucca("logs", "both").ok();
    assertEquals("one\nthree\n", all.out());
    assertEquals("two\n", all.err());
  }

  @Test
  void logs_rightAfterTheEnd_haveTheUnfinishedLine() {
    for (int i = 0; i < 4; i++) {
      String id = engine.detached("ended" + i, "echo one; printf two");
      felucca("wait", id).prints("0\n");
      felucca("logs", "--tail", "1", id).prints("two");
    }
  }

  @Test
  void logs_tailAndTimes_areAsAsked() {
    engine.detached("tail", "echo one; echo two; printf three");
    engine.awaitStatus("tail", "stopped");
    felucca("logs", "--tail", "2", "tail").prints("two\nthree");
    felucca("logs", "--tail", "0", "tail").prints("");
    felucca("logs", "--tail", "9", "tail").prints("one\ntwo\nthree");
    felucca("logs", "--tail", "some", "tail").refused("--tail some");
    String timed = felucca("logs", "-t", "--tail", "1", "tail").ok().out();
    assertTrue(timed.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d+Z three"), timed);
  }

  @Test
  void logs_follow_seesAllAndEndsWithIt() {
    engine.detached("writer", "i=0; while [ $i -lt 60 ]; do echo $i; i=$((i+1)); sleep 0.02; done");
    Result followed = engine.inBackground("logs", "-f", "writer").await();
    followed.prints(numbers(60));
    felucca("logs", "writer").prints(numbers(60));
  }

  private static String numbers(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(i).append('\n');
    }
    return text.toString();
  }

  @Test
  void wait_severalContainers_printsEachStatus() {
    engine.detached("third", "exit 3");
    engine.detached("fourth", "sleep 0.3; exit 4");
    felucca("wait", "fourth", "third").prints("4\n3\n");
    felucca("create", "--name", "unborn", "busybox", "true").ok();
    felucca("wait", "unborn").refused("unborn", "start it first");
  }

  @Test
  void remove_running_needsForce() {
    engine.detached("busy", "sleep 1000");
    felucca("rm", "busy").refused("busy", "--force");
    assertEquals("running", engine.status("busy"));
    felucca("rm", "-f", "busy").prints("busy\n");
    felucca("inspect", "busy").refused("busy");
    assertFalse(felucca("ps", "-a").ok().out().contains("busy "));
  }

  @Test
  void ps_showsAndFilters() {
    String up = engine.detached("up", "sleep 1000");
    felucca("run", "--name", "down", "--label", "tier=web", "busybox", "sh", "-c", "exit 2")
        .endsWith(2);
    engine.awaitStatus("down", "stopped");
    String table = felucca("ps").ok().out();
    assertTrue(table.contains("up") && table.contains("Up "), table);
    assertFalse(table.contains("down"), table);
    assertTrue(felucca("ps", "-a").ok().out().contains("Exited (2)"));
    felucca("ps", "-q", "--no-trunc").prints(up + "\n");
    assertEquals(List.of("down"), names("-a", "--filter", "status=exited"));
    assertEquals(List.of("up"), names("-a", "--filter", "name=up"));
    assertEquals(List.of("down"), names("-a", "--filter", "label=tier=web"));
    assertEquals(List.of("up"), names("--filter", "status=running"));
    felucca("ps", "--filter", "status=asleep").refused("status=asleep");
  }

  private static List<String> names(String... arguments) {
    List<String> command = new java.util.ArrayList<>(List.of("ps", "--format", "json"));
    command.addAll(List.of(arguments));
    return felucca(command.toArray(String[]::new)).json().stream()
        .map(row -> row.string("name", ""))
        .toList();
  }

  @Test
  void inspect_tellsWhatIsKnown() {
    String id = engine.detached("known", "sleep 1000");
    JsonObject document = felucca("inspect", "--format", "json", "known").json().getFirst();
    JsonObject summary = document.requiredObject("summary");
    assertEquals(id, summary.string("id"));
    assertEquals("docker.io/library/busybox:latest", summary.string("image"));
    assertTrue(
        ProcessHandle.of(summary.requiredNumber("pid")).isPresent(),
        "the pid is that of a process");
    assertEquals(
        "/felucca/" + engine.namespace() + "/" + id,
        document.requiredObject("spec").requiredObject("linux").string("cgroupsPath"));
    assertTrue(felucca("inspect", "known").ok().out().contains("\n  \"summary\""));
    felucca("inspect", "unknown").refused("no container and no image unknown");
  }

  @Test
  void events_tellALifeInOrder() {
    String id = felucca("run", "-d", "--name", "life", "busybox", "true").line();
    engine.awaitStatus("life", "stopped");
    felucca("rm", "life").ok();
    Running events = engine.inBackground("events", "--since", "0", "--format", "json");
    Commands.await("its end was told", () -> !deleted(events, id).isEmpty());
    List<JsonObject> all = documents(events);
    JsonObject gone = deleted(events, id).getFirst();
    List<String> life =
        all.stream()
            .filter(
                e -> {
                  JsonObject event = e.requiredObject("event");
                  return Objects.equals(event.string("container_id"), id)
                      || Objects.equals(event.string("id"), id);
                })
            .map(e -> e.string("topic", ""))
            .filter(topic -> !topic.equals("/containers/update"))
            .toList();
    assertEquals(
        List.of(
            "/containers/create",
            "/tasks/create",
            "/tasks/start",
            "/tasks/exit",
            "/tasks/delete",
            "/containers/delete"),
        life);
    long last = gone.requiredNumber("sequence");
    Running later =
        engine.inBackground("events", "--since", Long.toString(last), "--format", "json");
    felucca("create", "--name", "next", "busybox", "true").ok();
    later.awaitOut("/containers/create");
    assertTrue(
        documents(later).stream().allMatch(e -> e.requiredNumber("sequence") > last), later::out);
  }

  private static List<JsonObject> deleted(Running events, String id) {
    return documents(events).stream()
        .filter(e -> e.string("topic", "").equals("/containers/delete"))
        .filter(e -> Objects.equals(e.requiredObject("event").string("id"), id))
        .toList();
  }

  /** The whole documents that have come. */
  private static List<JsonObject> documents(Running client) {
    String text = client.out();
    return text.substring(0, text.lastIndexOf('\n') + 1)
        .lines()
        .map(
            line ->
                org.felucca.oci.Json.object(
                    line.getBytes(java.nio.charset.StandardCharsets.UTF_8), "event"))
        .toList();
  }

  @Test
  void names_areUniqueAndIdsMayBeShortened() {
    String id = engine.detached("taken", "sleep 1000");
    felucca("create", "--name", "taken", "busybox", "true").refused("taken", "choose another one");
    assertEquals(id, summary(id.substring(0, 10)).string("id"));
    assertEquals(1, felucca("ps", "-aq").ok().out().lines().count());
    felucca("create", "--name", "not/allowed", "busybox", "true").refused("not/allowed");
  }

  @Test
  void namespaces_areApart() {
    felucca("create", "--name", "here", "busybox", "true").ok();
    assertFalse(felucca("-n", "elsewhere", "ps", "-a").ok().out().contains("here"));
    felucca("-n", "elsewhere", "inspect", "here").refused("here", "elsewhere");
    felucca("run", "-n", "elsewhere", "busybox", "true").refused("busybox", "image import");
  }

  @Test
  void source_runsAScriptUntilACommandFails() throws Exception {
    Path script =
        Files.writeString(
            engine.base().resolve("script"),
            """
            # a comment
            create --name scripted busybox echo from a script
            start -a scripted
            inspect never-there
            create --name too-late busybox true
            """);
    Result result = felucca("source", script.toString()).refused("never-there");
    assertTrue(result.out().contains("from a script\n"), result::toString);
    assertEquals(List.of("scripted"), names("-a"));
    Path shell = Files.writeString(engine.base().resolve("shell-input"), "ps -a -q\n");
    assertEquals(1, engine.feluccaReading(shell, "shell").ok().out().lines().count());
  }

  @Test
  void version_infoAndRuntimes_areTold() {
    assertTrue(felucca("version").ok().out().startsWith("Felucca 0."));
    assertTrue(felucca("version", "--format", "json").json().getFirst().has("java"));
    JsonObject info = felucca("info", "--format", "json").json().getFirst();
    assertEquals(engine.pid(), info.requiredNumber("pid"));
    List<String> runtimes =
        felucca("runtime", "ls", "--format", "json").json().stream()
            .map(row -> row.string("name", ""))
            .toList();
    assertEquals(List.of("crun", "runc"), runtimes);
    assertTrue(felucca("runtime", "ls").ok().out().contains("(default)"));
  }

  @Test
  void help_everyVerbHasIt() {
    String overview = felucca("help").ok().out();
    for (String verb :
        List.of(
            "run", "create", "start", "stop", "kill", "exec", "attach", "logs", "ps", "inspect",
            "wait", "rm", "events", "info", "version", "shell", "source")) {
      assertTrue(overview.contains("  " + verb + " "), verb);
      assertTrue(felucca(verb, "--help").ok().out().contains("felucca " + verb), verb);
    }
    for (String verb : List.of("import", "ls", "inspect", "tag", "rm")) {
      assertTrue(felucca("image", verb, "--help").ok().out().contains("felucca image " + verb));
    }
  }

  @Test
  void mistypedVerbs_areGuessed() {
    felucca("rnu").refused("\"rnu\" is no verb", "run");
    felucca("image", "imprt").refused("import");
    felucca("run", "--nmae", "x", "busybox").refused("--nmae", "felucca run --help");
  }
}
