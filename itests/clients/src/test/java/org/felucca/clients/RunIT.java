package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a container is given, and what comes out of it. */
class RunIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun", "io.containerd.runc.v2"})
  void run_printsOutputAndErrorsExactly(String runtime) {
    Result result =
        engine.felucca(
            "run",
            "--rm",
            "--runtime",
            runtime,
            "busybox",
            "sh",
            "-c",
            "printf out; printf err >&2; exit 7");
    assertEquals("out", result.out(), result::toString);
    assertEquals("err", result.err(), result::toString);
    assertEquals(7, result.status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void run_endsAtOnce_losesNothing(String runtime) {
    for (int i = 0; i < 5; i++) {
      engine
          .felucca("run", "--rm", "--runtime", runtime, "busybox", "echo", "" + i)
          .prints(i + "\n");
    }
  }

  @Test
  void run_keptContainerThatEndsAtOnce_isPrintedAndLogged() {
    for (int i = 0; i < 4; i++) {
      engine.felucca("run", "--name", "kept" + i, "busybox", "echo", "hello").prints("hello\n");
      engine.felucca("logs", "kept" + i).prints("hello\n");
      engine.felucca("rm", "kept" + i).ok();
    }
    engine.felucca("logs", "kept0").refused("kept0", "not found");
  }

  @Test
  void run_gigabyte_isExact() {
    String gigabyte = "yes felucca | head -c 1073741824";
    Result here = Commands.run(engine.base(), List.of("sh", "-c", gigabyte + " | cksum"));
    engine
        .pipedInto("cksum", "run", "--rm", "busybox", "sh", "-c", gigabyte)
        .prints(here.ok().out());
  }

  @Test
  void run_everyExitStatus_isTheClients() {
    for (int status : new int[] {0, 1, 125, 255}) {
      engine.sh("exit " + status).endsWith(status);
    }
  }

  @Test
  void run_killed_says128plusN() {
    Running client =
        engine.inBackground(
            "run", "--rm", "--name", "victim", "busybox", "sh", "-c", "echo up; sleep 1000");
    client.awaitOut("up");
    engine.felucca("kill", "victim").ok();
    client.await().endsWith(137);
  }

  @Test
  void run_unknownProgram_is127() {
    engine.felucca("run", "--rm", "busybox", "no-such-program").fails(127, "no-such-program");
  }

  @Test
  void run_programThatCannotBeExecuted_is126() {
    engine
        .felucca("run", "--rm", "busybox", "/etc/passwd")
        .fails(126, "/etc/passwd", "ermi"); // "Permission denied", or "not permitted"
  }

  @Test
  void run_stdin_reachesTheContainer() throws Exception {
    Path input = Files.writeString(engine.base().resolve("input"), "one\ntwo\n");
    engine.feluccaReading(input, "run", "-i", "--rm", "busybox", "sort", "-r").prints("two\none\n");
  }

  @Test
  void run_withoutInteractive_readsNothing() throws Exception {
    Path input = Files.writeString(engine.base().resolve("input"), "one\n");
    engine.feluccaReading(input, "run", "--rm", "busybox", "cat").prints("");
  }

  @Test
  void run_outputIsClosedEarly_endsTheClient() {
    engine.pipedInto("head -n 1", "run", "--rm", "busybox", "yes").prints("y\n");
  }

  @Test
  void run_signal_reachesTheContainer() {
    Running client =
        engine.inBackground(
            "run",
            "--rm",
            "busybox",
            "sh",
            "-c",
            "trap 'echo got it; exit 3' TERM; echo waiting; while :; do sleep 0.05; done");
    client.awaitOut("waiting");
    client.signal("TERM");
    assertEquals("waiting\ngot it\n", client.await().endsWith(3).out());
  }

  @Test
  void run_terminal_isOneThatFollowsTheWindow() {
    TerminalClient terminal =
        engine.onTerminal(
            "run",
            "-it",
            "--rm",
            "busybox",
            "sh",
            "-c",
            "trap 'stty size' WINCH; tty; until [ \"$(stty size)\" = '24 80' ]; do sleep 0.05; done; echo go; while :; do read line && echo \"<$line>\"; [ \"$line\" != end ] || exit 5; done");
    terminal.awaitText("go");
    assertTrue(terminal.text().contains("/dev/pts/0"), terminal::text);
    terminal.resize(31, 97);
    terminal.type("typed\r");
    terminal.awaitText("31 97");
    terminal.awaitText("<typed>");
    terminal.type("end\r");
    assertEquals(5, terminal.await());
  }

  @Test
  void run_terminal_interruptKeyGoesToTheContainer() {
    TerminalClient terminal =
        engine.onTerminal(
            "run",
            "-it",
            "--rm",
            "busybox",
            "sh",
            "-c",
            "trap 'echo interrupted; exit 4' INT; echo go; while :; do sleep 0.05; done");
    terminal.awaitText("go");
    terminal.type("\u0003");
    terminal.awaitText("interrupted");
    assertEquals(4, terminal.await());
  }

  @Test
  void run_environmentFolderUserAndHost_areAsAsked() {
    engine
        .felucca(
            "run",
            "--rm",
            "-e",
            "GREETING=hello world",
            "-e",
            "FELUCCA_NAMESPACE",
            "-u",
            "daemon",
            "-w",
            "/tmp",
            "--hostname",
            "boat",
            "busybox",
            "sh",
            "-c",
            "echo \"$GREETING\" $FELUCCA_NAMESPACE $(id -un) $(pwd) $(hostname)")
        .prints("hello world " + engine.namespace() + " daemon /tmp boat\n");
  }

  @Test
  void run_userByNumber_needsNoPasswd() {
    engine
        .felucca("run", "--rm", "-u", "4711:4712", "busybox", "sh", "-c", "id -u; id -g")
        .prints("4711\n4712\n");
  }

  @Test
  void run_unknownUser_isRefused() {
    engine.felucca("run", "--rm", "-u", "nobody-knows", "busybox", "true").refused("nobody-knows");
  }

  @Test
  void run_entrypoint_replacesTheImages() {
    engine.felucca("run", "--rm", "--entrypoint", "/bin/echo", "busybox", "a", "b").prints("a b\n");
  }

  @Test
  void run_volumes_areSharedAndReadOnlyWhereAsked() throws Exception {
    Path shared = Files.createDirectory(engine.base().resolve("shared"));
    Files.writeString(shared.resolve("from-here"), "here\n");
    engine
        .felucca(
            "run",
            "--rm",
            "-v",
            shared + ":/there",
            "-v",
            shared + ":/fixed:ro",
            "busybox",
            "sh",
            "-c",
            "cat /there/from-here; echo there > /there/from-there; touch /fixed/x 2>/dev/null || echo fixed")
        .prints("here\nfixed\n");
    assertEquals("there\n", Files.readString(shared.resolve("from-there")));
    assertFalse(Files.exists(shared.resolve("x")));
  }

  @Test
  void run_readOnly_rootCannotBeWritten() {
    engine
        .felucca(
            "run",
            "--rm",
            "--read-only",
            "busybox",
            "sh",
            "-c",
            "touch /x 2>/dev/null || echo read-only")
        .prints("read-only\n");
  }

  @Test
  void run_rootFileSystems_areApart() {
    engine.sh("echo mine > /mark && cat /mark").prints("mine\n");
    engine.sh("ls /mark 2>/dev/null || echo fresh").prints("fresh\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void run_byDefault_isConfined(String runtime) {
    Result status =
        engine
            .felucca("run", "--rm", "--runtime", runtime, "busybox", "cat", "/proc/self/status")
            .ok();
    assertEquals("1", field(status, "NoNewPrivs"));
    assertEquals("2", field(status, "Seccomp"));
    assertEquals("0000000000000000", field(status, "CapInh"));
    assertEquals("0000000000000000", field(status, "CapAmb"));
    assertEquals("00000000a80425fb", field(status, "CapEff"));
    assertEquals("00000000a80425fb", field(status, "CapBnd"));
  }

  @Test
  void run_allowNewPrivileges_isTheOnlyWayToThem() {
    Result status =
        engine
            .felucca("run", "--rm", "--allow-new-privileges", "busybox", "cat", "/proc/self/status")
            .ok();
    assertEquals("0", field(status, "NoNewPrivs"));
  }

  @Test
  void run_otherUser_hasNoCapabilities() {
    Result status =
        engine.felucca("run", "--rm", "-u", "1", "busybox", "cat", "/proc/self/status").ok();
    assertEquals("0000000000000000", field(status, "CapEff"));
    assertEquals("0000000000000000", field(status, "CapPrm"));
  }

  @Test
  void run_dangerousPlaces_areClosed() {
    engine
        .sh(
            "cat /proc/kcore 2>/dev/null | wc -c; "
                + "echo 1 2>/dev/null > /proc/sys/kernel/panic || echo sys; "
                + "mount -t tmpfs none /mnt 2>/dev/null || echo mount; "
                + "ls /sys/firmware 2>/dev/null | wc -l")
        .prints("0\nsys\nmount\n0\n");
  }

  private static String field(Result status, String name) {
    return status
        .out()
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " in " + status))
        .substring(name.length() + 1)
        .strip();
  }
}
