package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An engine that is killed in the middle of its work leaves nothing behind. */
class InterruptedWorkIT {
  private static final int ROUNDS = 3;
  private static final int RUN_ROUNDS = 2;

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

  @Test
  void run_killed_leavesNothingAndSucceedsAfterwards() {
    List<String> before = kept();
    for (int round = 0; round < RUN_ROUNDS; round++) {
      List<Running> loops = List.of(loop("--rm"), loop("-d", "--rm"), loop("--rm", "--read-only"));
      // In the middle of whatever they do, once each has done it at least once.
      loops.forEach(loop -> loop.awaitMoreLines(1));
      engine.kill();
      loops.forEach(Running::end);
      Commands.await("every client has ended", InterruptedWorkIT::endClients);
      engine.startEngine();
      engine.felucca("run", "--rm", "busybox", "echo", "again").prints("again\n");
      Commands.await(
          "every container is gone", () -> engine.felucca("ps", "-aq").ok().out().isEmpty());
      Commands.await("every shim is gone", () -> Machine.shims(engine.base()).isEmpty());
      Commands.await("every mount is gone", () -> Machine.mounts(engine.base()).isEmpty());
      Commands.await("every snapshot is gone", () -> kept().equals(before));
      // How they ended is kept for some time, for clients that ask late.
      Commands.await("every trace is gone: " + traces(), () -> traces().isEmpty());
    }
  }

  /** Also those that a loop had just begun; whether none is left. */
  private static boolean endClients() {
    List<ProcessHandle> clients =
        Machine.processes(engine.base()).stream()
            .filter(process -> Machine.commandLine(process.pid()).contains("/bin/felucca run "))
            .toList();
    clients.forEach(ProcessHandle::destroyForcibly);
    return clients.isEmpty();
  }

  /**
   * The files of containers in the state folder, but for how they ended, what is known of images,
   * and what crun keeps for all of them.
   */
  private static List<String> traces() {
    return Machine.files(engine.state(), "exits/", "image-users/").stream()
        .filter(file -> file.matches(".*[0-9a-f]{64}.*") && !file.contains("/.cache/"))
        .toList();
  }

  /** Runs containers one after the other, and prints a line behind each, until it is ended. */
  private static Running loop(String... options) {
    String script =
        "while :; do '"
            + String.join("' '", engine.client("run"))
            + "' \"$@\" busybox true >/dev/null 2>&1 && echo done; done";
    List<String> command = new ArrayList<>(List.of("sh", "-c", script, "sh"));
    command.addAll(List.of(options));
    return Running.start(engine.base(), command);
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
