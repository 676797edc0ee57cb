package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Any OCI binary is added by one file; one that is no good hurts nobody but who asked for it. */
class BadRuntimeIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() throws IOException {
    engine = TestEngine.prepare();
    Files.writeString(
        engine.etc().resolve("org.felucca.shim.cfg"),
        "create_timeout_ms = 8000\nclean_up_timeout_ms = 2000\n");
    engine.startWithBusybox();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  /** Whatever went wrong, nothing stays. */
  @AfterEach
  void nothingIsLeft() {
    engine.felucca("ps", "-aq").prints("");
    Commands.await("every shim has ended", () -> Machine.shims(engine.base()).isEmpty());
    assertEquals(List.of(), Machine.mounts(engine.base()));
    engine.sh("echo well").prints("well\n");
  }

  /** Adds a runtime by a file in the configuration's folder; waits until it is known. */
  private static void add(String name, String binary) {
    int from = engine.logText().length();
    try {
      Files.writeString(
          engine.etc().resolve("org.felucca.runtime-" + name + ".cfg"),
          "name = " + name + "\nbinary = " + binary + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // Who lists them asks them all, also one that hangs.
    engine.awaitLog(from, "runtime added name=" + name);
  }

  /** Adds one that is a shell script; its arguments are in {@code $@}. */
  private static Path addScript(String name, String script) {
    try {
      Path file = engine.base().resolve(name + "-runtime");
      Files.writeString(file, "#!/bin/sh\n" + script + "\n");
      Commands.run(engine.base(), List.of("chmod", "755", file.toString())).ok();
      add(name, file.toString());
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A script that does as runc does, but for one of runc's commands. */
  private static String runcExcept(String command, String instead) {
    return "for word in \"$@\"; do [ \"$word\" = "
        + command
        + " ] && { "
        + instead
        + "; }; done\nexec runc \"$@\"";
  }

  private static Result run(String runtime) {
    return engine.felucca("run", "--rm", "--runtime", runtime, "busybox", "echo", "hello");
  }

  @Test
  void oneFile_addsARuntime_andTakesItAway() throws IOException {
    Path calls = engine.base().resolve("calls");
    addScript("wrapped", "echo \"$@\" >> " + calls + "\nexec runc \"$@\"");
    run("wrapped").prints("hello\n");
    assertTrue(Files.readString(calls).contains(" create "), Files.readString(calls));
    Files.delete(engine.etc().resolve("org.felucca.runtime-wrapped.cfg"));
    Commands.await(
        "it is gone", () -> !engine.felucca("runtime", "ls", "-q").ok().out().contains("wrapped"));
    run("wrapped").refused("wrapped", "not found", "org.felucca.runtime-wrapped.cfg");
  }

  @Test
  void unknown_isRefused() {
    run("nowhere").refused("nowhere", "not found", "org.felucca.runtime-nowhere.cfg");
  }

  @Test
  void missingBinary_isNamed() {
    add("absent", "/no/such/runtime");
    run("absent").refused("absent", "/no/such/runtime", "binary");
    assertTrue(engine.felucca("runtime", "ls").ok().out().contains("can't be used"));
  }

  @Test
  void bareNameThatIsNotInstalled_isNamed() {
    add("uninstalled", "no-such-runtime");
    run("uninstalled").refused("no-such-runtime", "not installed");
  }

  @Test
  void noVersion_isNoRuntime() {
    addScript("babbling", "printf '\\001\\033[31mlorem ipsum'");
    Result result = run("babbling").refused("babbling-runtime", "is it an OCI runtime?");
    assertTrue(result.err().indexOf('\u0001') < 0 && result.err().indexOf('\u001b') < 0);
  }

  @Test
  void failingVersion_isTold() {
    addScript("moody", "echo 'not today' >&2; exit 3");
    run("moody").refused("moody-runtime", "status 3", "not today");
  }

  @Test
  void failingCreate_isTold() {
    addScript("refusing", runcExcept("create", "echo 'I refuse' >&2; exit 3"));
    run("refusing").refused("create");
  }

  @Test
  void rubbishFromCreate_isTold() {
    addScript("chatting", runcExcept("create", "head -c 100000 /dev/urandom; exit 0"));
    run("chatting").refused();
  }

  @Test
  void killedInTheMiddleOfCreate_isTold() {
    addScript("dying", runcExcept("create", "kill -9 $$"));
    run("dying").refused("create");
  }

  @Test
  void emptyCreate_isTold() {
    addScript("idling", runcExcept("create", "exit 0"));
    run("idling").refused("left no process");
  }

  @Test
  void floodOfComplaints_isToldInPart() {
    addScript(
        "moaning",
        runcExcept("create", "yes 'much to complain of' | head -c 20000000 >&2; exit 1"));
    // It has the container's streams, so all of it comes; the engine's own message is short.
    Result result = run("moaning").refused();
    List<String> lines = result.err().lines().toList();
    assertTrue(lines.size() > 100_000, () -> lines.size() + " lines");
    assertTrue(lines.getLast().startsWith("felucca: "), lines::getLast);
    assertTrue(lines.getLast().length() < 10_000, lines::getLast);
  }

  @Test
  void binaryThatVanished_isNamed_andCanComeBack() throws IOException {
    Path script = addScript("moving", "exec runc \"$@\"");
    engine
        .felucca("run", "-d", "--name", "left", "--runtime", "moving", "busybox", "sleep", "99")
        .ok();
    Path elsewhere = script.resolveSibling("elsewhere");
    Files.move(script, elsewhere);
    engine.felucca("exec", "left", "true").refused(script.toString(), "install it again");
    assertEquals("running", engine.status("left"));
    Files.move(elsewhere, script);
    engine.felucca("exec", "left", "echo", "again").prints("again\n");
    engine.felucca("rm", "-f", "left").ok();
  }

  @Test
  void failingStart_isTold() {
    addScript("standing", runcExcept("start", "echo 'will not move' >&2; exit 1"));
    run("standing").refused("start");
  }

  @Test
  void hangingVersion_isGivenUp_andNobodyElseWaits() {
    Path script = addHanging("sleeping", "--version");
    Running client = engine.inBackground("run", "--rm", "--runtime", "sleeping", "busybox", "true");
    Commands.await("it hangs", () -> !sleepers().isEmpty());
    engine.felucca("ps", "-a").ok();
    engine.sh("echo meanwhile").prints("meanwhile\n");
    assertTrue(client.isAlive(), client.now()::toString);
    client.await().refused(script.toString(), "--version", "did not end");
    assertEquals(List.of(), sleepers());
    // Nobody waits for it a second time.
    run("sleeping").refused("--version", "did not end", "asked again in");
    assertTrue(engine.felucca("runtime", "ls").ok().out().contains("sleeping"));
    assertEquals(List.of(), sleepers());
  }

  @Test
  void hangingCreate_isGivenUp_andNobodyElseWaits() {
    addHanging("dozing", "create");
    Running client = engine.inBackground("run", "--rm", "--runtime", "dozing", "busybox", "true");
    Commands.await("it hangs", () -> !sleepers().isEmpty());
    engine.felucca("ps", "-a").ok();
    engine.sh("echo meanwhile").prints("meanwhile\n");
    assertTrue(client.isAlive(), client.now()::toString);
    client.await().refused("Create", "did not answer within 8000 ms");
    Commands.await("what hung is gone", () -> sleepers().isEmpty());
  }

  private static Path addHanging(String name, String command) {
    Path sleep = engine.base().resolve("sleep-for-ever");
    try {
      Files.deleteIfExists(sleep);
      Files.createSymbolicLink(sleep, Path.of("/bin/sleep"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return addScript(name, runcExcept(command, "exec " + sleep + " 1000"));
  }

  private static List<ProcessHandle> sleepers() {
    return Machine.processes(engine.base()).stream()
        .filter(p -> Machine.commandLine(p.pid()).contains("sleep-for-ever 1000"))
        .toList();
  }
}
