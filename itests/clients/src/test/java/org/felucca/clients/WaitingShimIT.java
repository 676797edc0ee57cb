package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Shims that were started ahead, and what may happen to them until they are wanted. */
class WaitingShimIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  private static List<ProcessHandle> awaitWaiting() {
    Commands.await("a shim waits", () -> !Machine.waitingShims(engine.base()).isEmpty());
    return Machine.waitingShims(engine.base());
  }

  private static ProcessHandle shimOf(String id) {
    return Machine.shims(engine.base()).stream()
        .filter(shim -> Machine.commandLine(shim.pid()).contains(" -id " + id + " "))
        .findFirst()
        .orElseThrow();
  }

  private static String runDetached() {
    return engine.felucca("run", "-d", "--rm", "busybox", "sleep", "1000").ok().out().strip();
  }

  private static Path program(ProcessHandle process) throws Exception {
    return Files.readSymbolicLink(Path.of("/proc/" + process.pid() + "/exe"));
  }

  @Test
  void shim_thatWaited_isTheOneOfTheContainer() {
    List<Long> waited = awaitWaiting().stream().map(ProcessHandle::pid).toList();
    String id = runDetached();
    ProcessHandle shim = shimOf(id);
    assertTrue(waited.contains(shim.pid()), waited + " and " + shim.pid());
    String line = Machine.commandLine(shim.pid());
    assertTrue(line.contains(" -namespace " + engine.namespace() + " "), line);
    awaitWaiting();
    engine.felucca("exec", id, "echo", "here").prints("here\n");
    engine.felucca("rm", "-f", id).ok();
  }

  @Test
  void shim_killedWhileItWaits_isReplaced() {
    for (int i = 0; i < 3; i++) {
      awaitWaiting().forEach(ProcessHandle::destroyForcibly);
      engine.felucca("run", "--rm", "busybox", "echo", "" + i).prints(i + "\n");
    }
    awaitWaiting();
  }

  @Test
  void engine_killed_leavesNoShimThatWaits() {
    String id = runDetached();
    awaitWaiting();
    engine.kill();
    Commands.await("no shim waits", () -> Machine.waitingShims(engine.base()).isEmpty());
    assertTrue(shimOf(id).isAlive());
    engine.startEngine();
    engine.felucca("exec", id, "echo", "lives").prints("lives\n");
    engine.felucca("rm", "-f", id).ok();
  }

  @Test
  void engine_killedInTheMiddleOfStarts_takesThemUpOrBack() {
    for (int i = 0; i < 3; i++) {
      awaitWaiting();
      Running client =
          engine.inBackground("run", "-d", "--name", "cut" + i, "busybox", "sleep", "1000");
      // Somewhere between the shim's being taken and its container's running.
      Commands.await(
          "a bundle is there or the client has ended",
          () ->
              Machine.files(engine.state()).stream()
                      .anyMatch(file -> file.endsWith("/felucca.json"))
                  || !client.isAlive());
      engine.kill();
      client.end();
      engine.startEngine();
      engine.felucca("run", "--rm", "busybox", "echo", "on").prints("on\n");
      // It may or may not have come into being.
      engine.felucca("rm", "-f", "cut" + i).gone();
      Commands.await("every shim is gone", () -> Machine.shims(engine.base()).isEmpty());
    }
  }

  @Test
  void binary_replacedWhileAShimWaits_isTheOneThatIsUsed() throws Exception {
    String before = runDetached();
    awaitWaiting();
    Path binary = engine.home().resolve("bin/felucca-shim");
    Path fresh = engine.base().resolve("felucca-shim.new");
    Files.copy(binary, fresh, StandardCopyOption.COPY_ATTRIBUTES);
    Files.move(fresh, binary, StandardCopyOption.REPLACE_EXISTING);
    String after = runDetached();
    assertEquals(binary, program(shimOf(after)));
    assertEquals(binary + " (deleted)", program(shimOf(before)).toString());
    engine.felucca("rm", "-f", before, after).ok();
    engine.felucca("run", "--rm", "busybox", "echo", "new").prints("new\n");
    Commands.await(
        "those that wait are new",
        () -> {
          for (ProcessHandle shim : Machine.waitingShims(engine.base())) {
            if (!shim.isAlive() || program(shim).toString().endsWith("(deleted)")) {
              return false;
            }
          }
          return !Machine.waitingShims(engine.base()).isEmpty();
        });
  }
}
