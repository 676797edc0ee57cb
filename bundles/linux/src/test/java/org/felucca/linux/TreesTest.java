package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TreesTest {
  private final Scratch scratch = Scratch.onTmpfs("size=256m");
  private final Dir top = scratch.dir();

  @AfterEach
  void cleanUp() {
    top.close();
    scratch.close();
  }

  private boolean exists(String below) {
    return Files.exists(Path.of(scratch.path(below)), LinkOption.NOFOLLOW_LINKS);
  }

  private static long openDescriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  @Test
  void delete_linksOut_areRemovedThemselves() {
    scratch.file("outside/kept", "x");
    scratch.folder("tree/a/b");
    try (Dir tree = top.enter("tree");
        Dir a = tree.enter("a")) {
      tree.symlink(scratch.path("outside"), "link");
      a.symlink("../../outside", "link");
      a.symlink("/", "root");
      a.mknod("fifo", FileType.FIFO, 0600, DeviceNumber.NONE);
      a.mknod("device", FileType.BLOCK_DEVICE, 0600, new DeviceNumber(4095, 7));
      a.mkdir("none", 0);
    }
    assertTrue(Trees.delete(top, "tree"));
    assertFalse(exists("tree"));
    assertEquals("x", scratch.read("outside/kept"));
    assertFalse(Trees.delete(top, "tree"));
  }

  @Test
  void delete_aLinkToAFolder_removesTheLink() {
    scratch.file("outside/kept", "x");
    top.symlink("outside", "link");
    assertTrue(Trees.delete(scratch.path("link")));
    assertFalse(exists("link"));
    assertTrue(exists("outside/kept"));
    assertFalse(Trees.delete(scratch.path("missing/link")));
    assertTrue(Trees.delete(scratch.path("outside/")));
    assertFalse(exists("outside"));
  }

  @Test
  void delete_mountsBelow_areLeftWithTheirFilesAndTheRestGoes() {
    scratch.file("outside/kept", "x");
    scratch.file("single", "y");
    scratch.file("tree/a/f", "");
    scratch.file("tree/z/f", "");
    scratch.file("tree/m/file", "");
    Mounts.mount("bind", scratch.path("outside"), scratch.folder("tree/m/bind"), List.of("bind"));
    Mounts.mount("tmpfs", "t", scratch.folder("tree/m/tmpfs"), List.of());
    Mounts.mount("bind", scratch.path("single"), scratch.path("tree/m/file"), List.of("bind"));
    scratch.file("tree/m/tmpfs/kept", "z");
    LinuxException e = assertThrows(LinuxException.class, () -> Trees.delete(top, "tree"));
    assertTrue(e.is(Errno.EXDEV) || e.is(Errno.EBUSY), e::getMessage);
    assertEquals(2, e.getSuppressed().length);
    assertEquals("x", scratch.read("outside/kept"));
    assertEquals("y", scratch.read("single"));
    assertEquals("z", scratch.read("tree/m/tmpfs/kept"));
    assertFalse(exists("tree/a") || exists("tree/z"));
    Mounts.detachBelow(scratch.path("tree"));
    assertTrue(Trees.delete(top, "tree"));
    assertEquals("x", scratch.read("outside/kept"));
  }

  @Test
  void delete_theMountPointItself_isRefused() {
    Mounts.mount("tmpfs", "t", scratch.folder("m"), List.of());
    scratch.file("m/kept", "x");
    Expect.fails(Errno.EXDEV, () -> Trees.delete(top, "m"));
    assertTrue(exists("m/kept"));
  }

  @Test
  void delete_deeperThanAnyPathOrStack_needsFewDescriptors() throws IOException {
    int depth = 20_000;
    top.mkdir("deep", 0755);
    Dir dir = top.enter("deep");
    for (int i = 0; i < depth; i++) {
      dir.mknod("a", FileType.REGULAR, 0600, DeviceNumber.NONE);
      dir.mkdir("d", 0755);
      dir.mkdir("e", 0755);
      Dir next = dir.enter("d");
      dir.close();
      dir = next;
    }
    dir.close();
    long before = openDescriptors();
    long[] most = {0};
    int[] files = {0};
    Trees.delete(
        top,
        "deep",
        () -> {
          if (files[0]++ % 1000 == 0) {
            try {
              most[0] = Math.max(most[0], openDescriptors());
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          }
        });
    assertTrue(files[0] >= 3 * depth);
    assertTrue(most[0] - before < 200, "descriptors at once: " + (most[0] - before));
    assertTrue(openDescriptors() <= before);
    assertEquals(List.of(), top.list());
  }

  @Test
  void delete_wideFolders_goesThroughAll() {
    top.mkdir("wide", 0755);
    try (Dir wide = top.enter("wide")) {
      for (int i = 0; i < 20_000; i++) {
        wide.mknod("some-file-" + i, FileType.REGULAR, 0600, DeviceNumber.NONE);
        if (i % 100 == 0) {
          wide.mkdir("folder-" + i, 0755);
        }
      }
    }
    assertTrue(Trees.delete(top, "wide"));
    assertFalse(exists("wide"));
  }

  @Test
  void delete_folderSwappedForALink_neverReachesOutside() throws InterruptedException {
    scratch.folder("outside");
    for (int i = 0; i < 50; i++) {
      scratch.file("outside/" + i, "x");
    }
    AtomicBoolean stop = new AtomicBoolean();
    for (int round = 0; round < 200; round++) {
      scratch.folder("tree/a/b");
      scratch.file("tree/a/f", "");
      try (Dir tree = top.enter("tree")) {
        tree.symlink("../outside", "link");
        stop.set(false);
        Thread attacker =
            Thread.ofPlatform()
                .start(
                    () -> {
                      while (!stop.get()) {
                        try {
                          tree.rename("a", tree, "link", Dir.RENAME_EXCHANGE);
                        } catch (LinuxException e) {
                          return; // one of them is gone
                        }
                      }
                    });
        try {
          Trees.delete(top, "tree");
        } catch (LinuxException e) {
          // Names moved under its hands: something may be left, nothing outside may go.
        }
        stop.set(true);
        attacker.join();
      }
      Trees.delete(top, "tree");
    }
    try (Dir outside = top.enter("outside")) {
      assertEquals(50, outside.list().size());
    }
  }

  @Test
  void delete_folderMovedAwayDuringTheWalk_endsWithStaleAndLeavesNothingOpen() throws IOException {
    // Deep enough that the folder at the top was closed and has to be found again by "..".
    scratch.file("elsewhere/kept", "x");
    top.mkdir("tree", 0755);
    Dir dir = top.enter("tree");
    for (int i = 0; i < 100; i++) {
      dir.mkdir("d", 0755);
      Dir next = dir.enter("d");
      dir.close();
      dir = next;
    }
    dir.close();
    int[] entered = {0};
    long before = openDescriptors();
    LinuxException e =
        assertThrows(
            LinuxException.class,
            () ->
                Trees.delete(
                    top,
                    "tree",
                    () -> {
                      if (++entered[0] == 100) {
                        try (Dir tree = top.enter("tree");
                            Dir first = tree.enter("d");
                            Dir elsewhere = top.enter("elsewhere")) {
                          first.rename("d", elsewhere, "d", 0);
                        }
                      }
                    }));
    assertEquals(Errno.ESTALE, e.errno(), e::getMessage);
    assertTrue(openDescriptors() <= before);
    assertEquals("x", scratch.read("elsewhere/kept"));
    assertTrue(exists("tree/d"));
  }

  /** FS_IOC_SETFLAGS with FS_IMMUTABLE_FL. */
  private static void setImmutable(String path, boolean on) {
    try (Descriptor file = Descriptor.open(path, OpenFlags.O_RDONLY, 0);
        Memory flags = new Memory(8)) {
      flags.setLong(0, on ? 0x10 : 0);
      file.call("ioctl", null, fd -> Libc.ioctl(fd, 0x40086602L, Pointer.nativeValue(flags)));
    }
  }

  @Test
  void delete_immutableFile_isReportedAndTheRestGoes() {
    try (Scratch disk = Scratch.onDisk();
        Dir dir = disk.dir()) {
      String file = disk.file("tree/a/fixed", "");
      disk.file("tree/b/f", "");
      setImmutable(file, true);
      try {
        LinuxException e = Expect.fails(Errno.EPERM, () -> Trees.delete(dir, "tree"));
        assertTrue(e.getMessage().contains("\"fixed\""), e::getMessage);
        assertFalse(Files.exists(Path.of(disk.path("tree/b"))));
      } finally {
        setImmutable(file, false);
      }
    }
  }

  @Test
  void delete_interruptedThread_goesOn_butACheckMayStopIt() {
    scratch.folder("tree/a");
    assertThrows(
        IllegalStateException.class,
        () ->
            Trees.delete(
                top,
                "tree",
                () -> {
                  throw new IllegalStateException("enough");
                }));
    assertTrue(exists("tree/a"));
    Thread.currentThread().interrupt();
    assertTrue(Trees.delete(top, "tree"));
    assertTrue(Thread.interrupted());
  }

  @Test
  void clear_keepsTheFolder() {
    scratch.file("tree/a/f", "");
    try (Dir tree = top.enter("tree")) {
      Trees.clear(tree);
      assertTrue(tree.isEmpty());
    }
  }

  @Test
  void usage_linksAndMounts_countOnceAndNot() {
    scratch.file("tree/big", "x".repeat(1_000_000));
    scratch.file("tree/a/small", "x");
    try (Dir tree = top.enter("tree");
        Descriptor big = tree.openPath("big")) {
      tree.link(big, "again");
      try (Dir a = tree.enter("a")) {
        a.link(big, "andAgain");
        a.symlink("/", "root");
      }
      long expected = big.stat().allocated();
      Mounts.mount("tmpfs", "t", scratch.folder("tree/m"), List.of());
      scratch.file("tree/m/huge", "x".repeat(2_000_000));
      DiskUsage usage = DiskUsage.of(tree);
      // tree, big, a, small, root; and the mount point, which can't be looked at, is left out
      assertEquals(5, usage.inodes());
      assertTrue(
          usage.bytes() >= expected + 4096 && usage.bytes() < expected + 100_000, usage::toString);
      Thread.currentThread().interrupt();
      Expect.fails(Errno.EINTR, () -> DiskUsage.of(tree));
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void usage_sparseFile_countsItsBlocks() {
    scratch.folder("tree");
    try (Descriptor file =
        Descriptor.open(scratch.path("tree/sparse"), OpenFlags.O_CREAT | OpenFlags.O_RDWR, 0600)) {
      FileData.truncate(file, 1L << 40);
      assertTrue(DiskUsage.of(scratch.path("tree")).bytes() < 100_000);
    }
  }
}
