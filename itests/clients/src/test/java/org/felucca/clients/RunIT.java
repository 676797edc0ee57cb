package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
  @ValueSource(strings = {"runc", "crun"})
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
    for (int i = 0; i < 10; i++) {
      Result result =
          engine.felucca("run", "--rm", "--runtime", runtime, "busybox", "echo", "" + i);
      assertEquals(i + "\n", result.ok().out());
    }
  }

  @Test
  void run_keptContainer_printsAndLogs() {
    assertEquals(
        "hello\n", engine.felucca("run", "--name", "kept", "busybox", "echo", "hello").ok().out());
    assertEquals("hello\n", engine.felucca("logs", "kept").ok().out());
    assertTrue(engine.felucca("ps", "-a").ok().out().contains("Exited (0)"));
    engine.felucca("rm", "kept").ok();
    engine.felucca("logs", "kept").fails(1, "kept", "not found");
  }

  @Test
  void run_gigabyte_isExact() throws Exception {
    Path out = engine.base().resolve("gigabyte");
    Process process =
        new ProcessBuilder(
                engine.client(
                    "run",
                    "--rm",
                    "busybox",
                    "sh",
                    "-c",
                    "dd if=/dev/zero bs=1M count=1024 2>/dev/null | tr '\\0' 'x'"))
            .redirectOutput(out.toFile())
            .start();
    assertEquals(0, process.waitFor());
    assertEquals(1L << 30, Files.size(out));
    Files.delete(out);
  }

  @Test
  void run_killedBySignal_says128plusN() {
    assertEquals(137, engine.felucca("run", "--rm", "busybox", "sh", "-c", "kill -9 $$").status());
  }

  @Test
  void run_unknownProgram_is127() {
    engine.felucca("run", "--rm", "busybox", "no-such-program").fails(127, "no-such-program");
  }

  @Test
  void run_stdin_reachesTheContainer() throws Exception {
    Path input = Files.writeString(engine.base().resolve("input"), "one\ntwo\n");
    Result result =
        Commands.run(
            engine.base(),
            engine.client("run", "-i", "--rm", "busybox", "sort", "-r"),
            input,
            Commands.PATIENCE);
    assertEquals("two\none\n", result.ok().out());
  }

  @Test
  void run_terminal_isOne() {
    Result result =
        Commands.run(
            engine.base(),
            List.of(
                "script",
                "-qec",
                String.join(" ", engine.client("run", "-it", "--rm", "busybox", "tty")),
                "/dev/null"));
    assertEquals("/dev/pts/0", result.ok().out().strip(), result::toString);
  }
}
