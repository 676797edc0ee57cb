package org.felucca.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine's process: how it starts, is refused, and ends. */
class FeluccadIT {
  private static final Path HOME = Path.of(System.getProperty("felucca.home")).normalize();

  private Path folder;

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createTempDirectory(Path.of("/var/tmp"), "felucca-it-");
  }

  @AfterEach
  void removeFolder() throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  /** The distribution once more, its jars linked and not copied. */
  private Path copyOfHome() throws IOException, InterruptedException {
    Path copy = folder.resolve("home");
    assertEquals(
        0,
        new ProcessBuilder("cp", "-al", HOME.toString(), copy.toString()).start().waitFor(),
        "cp -al");
    try (DirectoryStream<Path> caches = Files.newDirectoryStream(copy.resolve("lib"), "*.aot")) {
      for (Path cache : caches) {
        Files.delete(cache);
      }
    }
    return copy;
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void signal_ready_endsWithStatusZeroInUnderTwoSeconds(String signal) throws Exception {
    try (Feluccad engine = Feluccad.start(HOME, folder).awaitReady()) {
      long from = System.nanoTime();
      engine.signal(signal);
      assertEquals(0, engine.awaitEnd(), engine.log());
      Duration took = Duration.ofNanos(System.nanoTime() - from);
      assertTrue(took.toMillis() < 2_000, () -> "took " + took);
      assertTrue(engine.log().contains(" stopping, containers go on"), engine.log());
      assertTrue(engine.log().contains(" stopped ms="), engine.log());
    }
    assertFalse(Files.exists(folder.resolve("s/shell.sock")), "the sockets are gone");
  }

  @Test
  void log_everyLine_hasTimeLevelAndLogger() throws Exception {
    try (Feluccad engine = Feluccad.start(HOME, folder).awaitReady()) {
      engine.signal("TERM");
      engine.awaitEnd();
      for (String line : engine.log().lines().toList()) {
        assertTrue(
            line.matches("\\d{4}-\\d\\d-\\d\\dT[0-9:.]{12}Z (ERROR|WARN |INFO ) [a-zA-Z.]+ .+"),
            line);
        assertFalse(line.contains("Z ERROR"), line);
      }
    }
  }

  @Test
  void start_secondOnTheSameRoot_isRefusedAndNamesTheFirst() throws Exception {
    try (Feluccad first = Feluccad.start(HOME, folder).awaitReady()) {
      Path state = folder.resolve("other");
      try (Feluccad second = Feluccad.start(HOME, folder, "--state", state.toString())) {
        assertEquals(1, second.awaitEnd());
        assertTrue(
            second.log().contains("another engine (pid " + first.pid() + ") already runs on"),
            second.log());
      }
      try (Feluccad third = Feluccad.start(HOME, folder, "--root", state.toString())) {
        assertEquals(1, third.awaitEnd());
        assertTrue(third.log().contains("a --state of its own"), third.log());
      }
      assertTrue(first.isAlive());
    }
  }

  @Test
  void start_afterKill_takesTheStaleLockAndSocketsOver() throws Exception {
    try (Feluccad first = Feluccad.start(HOME, folder).awaitReady()) {
      first.signal("KILL");
      assertEquals(128 + 9, first.awaitEnd());
    }
    assertTrue(Files.exists(folder.resolve("s/shell.sock")));
    Files.writeString(folder.resolve("r/cache/rubbish"), "left by a crash");
    try (Feluccad second = Feluccad.start(HOME, folder).awaitReady()) {
      assertTrue(second.isAlive());
    }
  }

  @Test
  void start_impossibleArguments_areRefusedWithWhatToDo() throws Exception {
    String longState = folder.resolve("x".repeat(100)).toString();
    try (Feluccad engine = Feluccad.start(HOME, folder, "--state", longState)) {
      assertEquals(1, engine.awaitEnd());
      assertTrue(engine.log().contains("give a --state of at most 72 bytes"), engine.log());
    }
    try (Feluccad engine =
        Feluccad.start(HOME, folder, "--config", folder.resolve("none").toString())) {
      assertEquals(1, engine.awaitEnd());
      assertTrue(engine.log().contains("is missing; make it"), engine.log());
    }
    try (Feluccad engine = Feluccad.start(HOME, folder, "--frobnicate")) {
      assertEquals(1, engine.awaitEnd());
      assertTrue(engine.log().contains("unknown argument '--frobnicate'"), engine.log());
    }
    assertFalse(Files.exists(folder.resolve("r")), "nothing was made");
  }

  @Test
  void start_partMissing_namesTheMissingServiceAndStopsAllTheSame() throws Exception {
    Path home = copyOfHome();
    Files.delete(home.resolve("bundles/content-0.1.0.jar"));
    try (Feluccad engine = Feluccad.start(home, folder)) {
      engine.awaitLog("lacks service=org.felucca.api.content.BlobStore");
      assertFalse(engine.log().contains(" ready ms="));
      engine.signal("TERM");
      assertEquals(0, engine.awaitEnd(), engine.log());
    }
  }

  @Test
  void start_readOnlyDistribution_runsWithoutMakingACache() throws Exception {
    Path home = copyOfHome();
    List<String> readOnly =
        List.of(
            "unshare",
            "--mount",
            "sh",
            "-ec",
            "mount --bind \"$0\" \"$0\"; mount -o remount,bind,ro \"$0\"; exec \"$@\"",
            home.toString());
    try (Feluccad engine = Feluccad.start(home, folder, readOnly).awaitReady()) {
      assertFalse(
          Files.readString(Path.of("/proc/" + engine.pid() + "/cmdline")).contains("aot"),
          "neither uses nor wants a cache");
      engine.signal("TERM");
      assertEquals(0, engine.awaitEnd(), engine.log());
    }
  }

  @Test
  void start_first_makesTheCacheThatTheSecondUses() throws Exception {
    Path home = copyOfHome();
    try (Feluccad first = Feluccad.start(home, folder).awaitReady()) {
      first.awaitLog("AOT cache made");
      assertFalse(Files.exists(folder.resolve("r/rehearsal")), "it tidied up");
      first.signal("TERM");
      assertEquals(0, first.awaitEnd(), first.log());
    }
    try (Feluccad second = Feluccad.start(home, folder).awaitReady()) {
      String commandLine = Files.readString(Path.of("/proc/" + second.pid() + "/cmdline"));
      assertTrue(commandLine.contains("-XX:AOTCache=" + home.resolve("lib")), commandLine);
      assertFalse(second.log().contains("[warning]"), second.log());
    }
  }
}
