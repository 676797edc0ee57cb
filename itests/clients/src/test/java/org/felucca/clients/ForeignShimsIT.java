package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The engine with the shims of containerd 1.6, 1.7 and 2.1. */
class ForeignShimsIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() throws IOException {
    engine = TestEngine.prepare();
    for (OtherDebian generation : OtherDebian.values()) {
      Files.writeString(
          engine.etc().resolve("org.felucca.runtime-" + name(generation) + ".cfg"),
          "name = %s\nbinary = runc\nshim = %s\n"
              .formatted(name(generation), generation.program("containerd-shim-runc-v2")));
    }
    engine.startWithBusybox();
  }

  @AfterAll
  static void stop() {
    if (engine != null) {
      engine.close();
    }
  }

  private static String name(OtherDebian generation) {
    return generation.name().toLowerCase(Locale.ROOT);
  }

  private static String detached(OtherDebian generation, String name, String script) {
    return engine
        .felucca(
            "run",
            "-d",
            "--name",
            name,
            "--runtime",
            name(generation),
            "busybox",
            "sh",
            "-c",
            script)
        .line();
  }

  @ParameterizedTest
  @EnumSource(OtherDebian.class)
  void container_wholeLife(OtherDebian generation) {
    String id =
        detached(generation, "life", "trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done");
    assertTrue(
        Machine.commandLine(engine.shimOf(id).pid())
            .startsWith(generation.program("containerd-shim-runc-v2")));
    assertEquals(generation == OtherDebian.SID ? 3 : 2, engine.shimProtocol(id));
    engine.felucca("exec", "life", "sh", "-c", "echo in; exit 4").endsWith(4);
    engine.felucca("pause", "life").ok();
    engine.awaitStatus("life", "paused");
    engine.felucca("unpause", "life").ok();
    engine.felucca("update", "--memory", "64m", "life").ok();
    assertTrue(engine.felucca("top", "life").ok().out().contains("sleep"));
    engine.felucca("stats", "--no-stream", "life").ok();
    Commands.await(
        "it handles signals", () -> engine.felucca("logs", "life").ok().out().equals("up\n"));
    engine.felucca("kill", "-s", "TERM", "life").ok();
    engine.felucca("wait", "life").prints("5\n");
    engine.felucca("rm", "life").ok();
  }

  @ParameterizedTest
  @EnumSource(OtherDebian.class)
  void run_onATerminal(OtherDebian generation) {
    TerminalClient terminal =
        engine.onTerminal(
            "run",
            "--rm",
            "-it",
            "--runtime",
            name(generation),
            "busybox",
            "sh",
            "-c",
            "stty size; read word; echo got-$word; exit 3");
    terminal.awaitText("24 80");
    terminal.type("typed\n");
    terminal.awaitText("got-typed");
    assertEquals(3, terminal.await());
  }

  @Test
  void engineAndShimsKilled_allIsKnown() {
    for (OtherDebian generation : OtherDebian.values()) {
      detached(
          generation,
          "kept-" + name(generation),
          "echo before; until [ -e /end ]; do sleep 0.05; done; echo after; exit 6");
      detached(generation, "gone-" + name(generation), "exec sleep 1000");
    }
    engine.kill();
    engine.startEngine();
    for (OtherDebian generation : OtherDebian.values()) {
      String kept = "kept-" + name(generation);
      assertEquals("running", engine.status(kept));
      engine.felucca("exec", kept, "sh", "-c", ": > /end").ok();
      engine.felucca("wait", kept).prints("6\n");
      engine.felucca("logs", kept).prints("before\nafter\n");
      engine.felucca("rm", kept).ok();
      String gone = "gone-" + name(generation);
      String id = engine.felucca("inspect", "--format", "{{.Id}}", gone).line();
      assertTrue(engine.shimOf(id).destroyForcibly());
      engine.felucca("wait", gone).prints("137\n");
      engine.felucca("rm", gone).ok();
    }
  }
}
