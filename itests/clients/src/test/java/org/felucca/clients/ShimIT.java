package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The engine with its own shim, and with containerd's beside it. */
class ShimIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() throws IOException {
    engine = TestEngine.prepare();
    Files.writeString(
        engine.etc().resolve("org.felucca.runtime-foreign.cfg"),
        "name = foreign\nbinary = runc\nshim = containerd-shim-runc-v2\n");
    engine.startWithBusybox();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  /** The program of the shim that a container has. */
  private static String shimOf(String id) {
    List<String> lines =
        Machine.shims(engine.base()).stream()
            .map(p -> Machine.commandLine(p.pid()))
            .filter(line -> line.contains(id))
            .toList();
    assertEquals(1, lines.size(), lines::toString);
    Path program = Path.of(lines.getFirst().split(" ", 2)[0]);
    return String.valueOf(program.getFileName());
  }

  @Test
  void shim_isOursUnlessConfiguredOtherwise() {
    for (String runtime : List.of("runc", "crun", "foreign")) {
      String id =
          engine.felucca("run", "-d", "--runtime", runtime, "busybox", "sleep", "1000").line();
      assertEquals(
          runtime.equals("foreign") ? "containerd-shim-runc-v2" : "felucca-shim", shimOf(id));
      engine.felucca("exec", id, "sh", "-c", "exit 4").endsWith(4);
      engine.felucca("rm", "-f", id).ok();
    }
  }

  @Test
  void shim_usesLittleMemory() throws IOException {
    String id = engine.detached("small", "sleep 1000");
    ProcessHandle shim =
        Machine.shims(engine.base()).stream()
            .filter(p -> Machine.commandLine(p.pid()).contains(id))
            .findFirst()
            .orElseThrow();
    long dirty =
        Files.readAllLines(Path.of("/proc/" + shim.pid() + "/smaps_rollup")).stream()
            .filter(line -> line.startsWith("Private_Dirty:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .sum();
    assertTrue(dirty > 0 && dirty < 700, "a shim has " + dirty + " KB of its own");
    engine.felucca("rm", "-f", id).ok();
  }

  @Test
  void exit_statusesAreExact() {
    for (int status : new int[] {0, 1, 42, 255}) {
      engine.sh("exit " + status).endsWith(status);
    }
    String id = engine.detached("many", "sleep 1000");
    for (int status = 0; status < 10; status++) {
      engine.felucca("exec", id, "sh", "-c", "exit " + status).endsWith(status);
    }
    engine.felucca("exec", id, "sh", "-c", "kill -SEGV $$; sleep 1000").endsWith(128 + 11);
    engine.felucca("rm", "-f", id).ok();
  }

  @Test
  void pipedInput_withAKeptLog() throws IOException {
    Path input = engine.base().resolve("input");
    Files.writeString(input, "one\ntwo\n".repeat(20_000));
    engine
        .feluccaReading(
            input, "run", "-i", "--name", "piped", "busybox", "sh", "-c", "cat; echo end")
        .prints("one\ntwo\n".repeat(20_000) + "end\n");
    engine.felucca("logs", "--tail", "2", "piped").prints("two\nend\n");
    engine.felucca("rm", "piped").ok();
  }
}
