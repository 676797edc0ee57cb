package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A root folder on a disk that is full: it is said, and all is well when there is room again. */
class FullDiskIT {
  private static final int MEGABYTES = 128;

  private Path disk;
  private TestEngine engine;

  @BeforeEach
  void start() throws IOException {
    disk = Files.createTempDirectory(Path.of("/var/tmp"), "felucca-disk-");
    engine = TestEngine.prepare();
    Commands.run(
            engine.base(),
            List.of(
                "mount",
                "-t",
                "tmpfs",
                "-o",
                "mode=755,size=" + MEGABYTES + "m",
                "none",
                "" + disk))
        .ok();
    engine.liveIn(disk.resolve("root"), engine.base().resolve("state"));
    engine.startWithBusybox();
  }

  @AfterEach
  void stop() {
    try {
      Commands.await(
          "every container is gone", () -> engine.felucca("ps", "-aq").ok().out().isEmpty());
      engine.close();
      assertEquals(1, Machine.mounts(disk).size());
    } finally {
      Machine.unmount(disk);
      Commands.run(Path.of("/var/tmp"), List.of("rmdir", disk.toString())).ok();
    }
  }

  private static void assertNamesTheDisk(Result result) {
    result.refused();
    String words = result.err().toLowerCase(Locale.ROOT);
    assertTrue(words.contains("space") || words.contains("disk"), result::toString);
  }

  /** What is kept for good. */
  private List<String> kept() {
    return Stream.of("content/blobs/sha256", "content/ingest", "snapshots/overlayfs")
        .map(folder -> engine.root().resolve(folder))
        .flatMap(folder -> Machine.files(folder).stream().filter(name -> !name.contains("/")))
        .toList();
  }

  private void fill() {
    Commands.run(
        engine.base(), List.of("dd", "if=/dev/zero", "of=" + disk.resolve("filler"), "bs=64k"));
    // And the last bytes.
    Commands.run(
        engine.base(), List.of("sh", "-c", "cat /dev/zero >> '" + disk.resolve("filler") + "'"));
    assertEquals(0, disk.toFile().getUsableSpace());
  }

  private void makeRoom() {
    try {
      Files.delete(disk.resolve("filler"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void import_ofMoreThanFits_isToldAndLeavesNothing() {
    List<String> before = kept();
    Path archive = DockerArchive.ofOneFile(engine.base(), MEGABYTES).write("large");
    assertNamesTheDisk(engine.felucca("image", "import", archive.toString()));
    Commands.await("what was begun is gone", () -> kept().equals(before));
    assertEquals(1, engine.felucca("image", "ls", "-q").ok().out().lines().count());
    engine.sh("echo well").prints("well\n");
    Path small = DockerArchive.ofOneFile(engine.base(), 1).write("small");
    engine.felucca("image", "import", small.toString()).prints("small\n");
  }

  @Test
  void import_whoseFilesDoNotFit_isToldAndLeavesNothing() {
    List<String> before = kept();
    // The archive still fits, its files beside it no longer.
    long free = disk.toFile().getUsableSpace() >> 20;
    Path archive = DockerArchive.ofOneFile(engine.base(), (int) (free * 2 / 3)).write("large");
    assertNamesTheDisk(engine.felucca("image", "import", archive.toString()));
    Commands.await("what was begun is gone", () -> kept().equals(before));
    assertEquals(1, engine.felucca("image", "ls", "-q").ok().out().lines().count());
    engine.sh("echo well").prints("well\n");
  }

  @Test
  void run_onAFullDisk_isToldAndWorksAgainWithRoom() {
    List<String> before = kept();
    fill();
    Path archive = DockerArchive.ofOneFile(engine.base(), 1).write("late");
    assertNamesTheDisk(engine.felucca("image", "import", archive.toString()));
    assertNamesTheDisk(engine.felucca("run", "--name", "unlucky", "busybox", "echo", "hello"));
    engine.felucca("ps", "-a").ok();
    assertEquals(1, engine.felucca("image", "ls", "-q").ok().out().lines().count());
    makeRoom();
    engine.felucca("rm", "-f", "unlucky"); // there or not
    engine.felucca("run", "--name", "unlucky", "busybox", "echo", "hello").prints("hello\n");
    engine.felucca("rm", "unlucky").ok();
    Commands.await("nothing is left", () -> kept().equals(before));
  }

  @Test
  void containersThatFillTheDisk_canBeRemoved() {
    List<String> before = kept();
    engine.felucca("run", "--rm", "busybox", "sh", "-c", "cat /dev/zero > /large").endsWith(1);
    // The answer does not wait for it.
    Commands.await(
        "its files are gone",
        () -> kept().equals(before) && disk.toFile().getUsableSpace() > 2 << 20);
    engine
        .felucca("run", "--name", "large", "busybox", "sh", "-c", "cat /dev/zero > /large")
        .endsWith(1);
    engine.felucca("rm", "large").ok();
    Commands.await("their files are gone", () -> kept().equals(before));
    engine.sh("echo well").prints("well\n");
  }
}
