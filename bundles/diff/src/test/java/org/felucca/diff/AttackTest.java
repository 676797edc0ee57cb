package org.felucca.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.Dir;
import org.felucca.linux.LinuxException;
import org.felucca.linux.MountTable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rows 1, 2 and 8 of the security checklist: nothing that a layer says changes a file outside. */
class AttackTest extends LayerTestBase {
  private Path outside;
  private SortedMap<String, String> before;

  @BeforeEach
  void makeOutside() throws Exception {
    outside = Files.createDirectory(folder.resolve("outside"));
    Files.writeString(outside.resolve("secret"), "secret");
    before = TreeDump.of(outside.toString());
  }

  @AfterEach
  void outside_isUntouched() {
    assertEquals(before, TreeDump.of(outside.toString()));
    assertTrue(
        MountTable.read().mounts().stream()
            .noneMatch(mount -> mount.mountPoint().startsWith(folder.toString())));
  }

  @Test
  void names_thatLeadOut_areRefused() {
    assertRefused(new Layer().file("../outside/secret", "x"));
    assertRefused(new Layer().file("a/../../outside/secret", "x"));
    assertRefused(new Layer().file("a/..", "x"));
    assertRefused(new Layer().folder(".."));
    assertRefused(new Layer().hardLink("a", "../outside/secret"));
    assertRefused(new Layer().file("a".repeat(5000), "x"));
    assertRefused(new Layer().file("a".repeat(300), "x"));
  }

  @Test
  void absoluteNames_meanTheRootOfTheLayer() {
    apply(new Layer().file("/etc/passwd", "x"), bind());
    assertTrue(Files.exists(root().resolve("etc/passwd")));
  }

  @Test
  void linkedParents_areResolvedBelowTheRoot() {
    apply(
        new Layer()
            .symlink("absolute", outside.toString())
            .symlink("relative", "../../../../../../../../.." + outside)
            .file("absolute/new", "x")
            .file("relative/new2", "x")
            .file("absolute/secret", "x", 0777, 7, 7, Map.of())
            .whiteout("absolute/secret"),
        bind());
    assertTrue(Files.exists(Path.of(root() + outside.toString(), "new")));
    assertTrue(Files.exists(Path.of(root() + outside.toString(), "new2")));
  }

  @Test
  void links_areReplacedAndNotFollowed() {
    apply(
        new Layer()
            .symlink("file", outside.resolve("secret").toString())
            .file("file", "x", 0777, 7, 7, Map.of())
            .symlink("folder", outside.toString())
            .folder("folder", 0777, 7, 7)
            .file("folder/secret", "mine")
            .symlink("again", outside.resolve("secret").toString())
            .hardLink("hard", "again")
            .fifo("again"),
        bind());
    assertFalse(Files.isSymbolicLink(root().resolve("file")));
    assertTrue(
        Files.isDirectory(root().resolve("folder"), java.nio.file.LinkOption.NOFOLLOW_LINKS));
    assertTrue(Files.isSymbolicLink(root().resolve("hard")));
  }

  @Test
  void hardLinks_throughLinks_stayBelowTheRoot() {
    assertRefused(new Layer().symlink("out", outside.toString()).hardLink("mine", "out/secret"));
    assertRefused(new Layer().hardLink("mine", outside.resolve("secret").toString()));
    assertRefused(new Layer().folder("d").hardLink("mine", "d"));
    assertRefused(new Layer().hardLink("mine", "/"));
    assertRefused(new Layer().hardLink("mine", "mine"));
  }

  @Test
  void magicLinks_areNotFollowed() {
    assertRefused(
        new Layer()
            .symlink("magic", "/proc/self/root")
            .hardLink("mine", "magic" + outside + "/secret"));
    apply(new Layer().symlink("cwd", "/proc/self/cwd").file("cwd/file", "x"), bind());
    assertTrue(Files.exists(root().resolve("proc/self/cwd/file")));
  }

  @Test
  void loopsOfLinks_areRefused() {
    assertRefused(new Layer().symlink("a", "b").symlink("b", "a").file("a/file", "x"));
    assertRefused(new Layer().symlink("a", "a/a").file("a/file", "x"));
    assertRefused(new Layer().file("f", "x").file("f/below", "x"));
  }

  @Test
  void overlayWhiteoutsAsDevices_areRefused() {
    assertRefused(new Layer().device("etc", false, 0, 0));
    assertRefused(new Layer().device("dev", false, 5000, 1));
  }

  @Test
  void devicesAndFifos_areNeverOpened() {
    apply(
        new Layer()
            .fifo("fifo")
            .device("tty", false, 5, 0)
            .device("watchdog", false, 10, 130)
            .file("fifo", "a file now")
            .fifo("fifo"),
        bind());
    assertTrue(TreeDump.of(root().toString()).get("fifo").startsWith("FIFO"));
  }

  @Test
  void rootReplaced_isRefused() {
    assertRefused(new Layer().file(".", "y"));
    assertRefused(new Layer().symlink("/", outside.toString()));
  }

  @Test
  void parentSwappedMeanwhile_neverLeadsOut() throws Exception {
    Layer layer = new Layer().folder("d", 0700, 1, 1);
    for (int i = 0; i < 3000; i++) {
      layer.file("d/sub/f" + i, "x", 0777, 5, 5, Map.of()).folder("d/sub/e", 0777, 5, 5);
      if (i % 5 == 0) {
        layer.hardLink("d/sub/secret", "d/sub/f" + i).whiteout("d/sub/secret");
      }
    }
    byte[] bytes = layer.bytes();
    AtomicBoolean stop = new AtomicBoolean();
    Thread swapper = Thread.ofPlatform().start(() -> swap(stop));
    try {
      for (int i = 0; i < 4; i++) {
        try {
          apply(bytes, bind());
        } catch (EngineException e) {
          // That the race breaks this layer is fine, as long as it breaks nothing else.
          assertTrue(
              e.kind() == ErrorKind.INVALID_ARGUMENT || e.kind() == ErrorKind.FAILED_PRECONDITION,
              e.getMessage());
        }
      }
    } finally {
      stop.set(true);
      swapper.join();
    }
  }

  private void swap(AtomicBoolean stop) {
    try (Dir dir = Dir.open(root().toString())) {
      dir.symlink(outside.toString(), "link");
      while (!stop.get()) {
        for (String name : List.of("d", "sub")) {
          try {
            if (name.equals("d")) {
              dir.rename("d", dir, "link", Dir.RENAME_EXCHANGE);
            } else {
              dir.symlink(outside.toString(), "link2");
              try (Dir d = dir.enter("d")) {
                dir.rename("link2", d, "sub", Dir.RENAME_EXCHANGE);
              }
              dir.rename("link2", dir, "old" + System.nanoTime(), 0);
            }
          } catch (LinuxException e) {
            Thread.yield();
          }
        }
      }
    }
  }

  @Test
  void randomBytes_areRefusedAndBreakNothing() {
    Random random = new Random(3);
    byte[] layer =
        new Layer()
            .folder("a")
            .file("a/f", "content")
            .symlink("a/l", "/" + outside)
            .hardLink("h", "a/f")
            .whiteout("a/g")
            .fifo("p")
            .bytes();
    for (int i = 0; i < 300; i++) {
      byte[] changed = layer.clone();
      int block = random.nextInt(changed.length / 512) * 512;
      changed[block + random.nextInt(512)] = (byte) random.nextInt();
      Sums.repair(changed, block);
      try {
        apply(changed, bind());
      } catch (EngineException e) {
        assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind(), e.getMessage());
      }
    }
    for (int i = 0; i < 100; i++) {
      byte[] noise = new byte[random.nextInt(3000)];
      random.nextBytes(noise);
      if (noise.length > 0) {
        assertThrows(EngineException.class, () -> apply(noise, bind()));
      }
    }
  }
}
