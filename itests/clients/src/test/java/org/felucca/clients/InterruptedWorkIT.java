package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An engine that is killed in the middle of its work leaves nothing behind. */
class InterruptedWorkIT {
  private static final int ROUNDS = 3;

  private static TestEngine engine;
  private final Random random = new Random();

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  @Test
  void import_killed_leavesNothingAndSucceedsAfterwards() {
    Path archive = DockerArchive.ofManyFiles(engine.base(), 4000).write("many");
    List<String> before = kept();
    for (int round = 0; round < ROUNDS; round++) {
      Running client = engine.inBackground("image", "import", archive.toString());
      killAfter(100 + random.nextInt(700));
      client.await();
      engine.startEngine();
      assertEquals(List.of(), Machine.mounts(engine.base()));
      engine.felucca("image", "import", archive.toString()).prints("many\n");
      engine.felucca("image", "rm", "many").ok();
      Commands.await("what was imported is gone", () -> kept().equals(before));
    }
  }

  private static void killAfter(int milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    engine.kill();
  }

  /** The blobs, what of blobs is there, and the snapshots. */
  private static List<String> kept() {
    Path root = engine.root();
    return Stream.of("content/blobs/sha256", "content/ingest", "snapshots/overlayfs")
        .flatMap(folder -> names(root.resolve(folder)).stream().map(name -> folder + "/" + name))
        .toList();
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
