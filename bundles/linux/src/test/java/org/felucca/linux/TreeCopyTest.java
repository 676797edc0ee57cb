package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class TreeCopyTest {
  private static final Timestamp TIME = new Timestamp(1_234_567_890, 123_456_789);

  private static boolean copy(Scratch scratch) {
    scratch.folder("to");
    try (Dir from = Dir.open(scratch.path("from"));
        Dir to = Dir.open(scratch.path("to"))) {
      return TreeCopy.copy(from, to, () -> {});
    }
  }

  @Test
  void copy_everyKindOfFile_isAsItWas() {
    try (Scratch scratch = Scratch.onDisk()) {
      scratch.file("from/a/file", "text");
      try (Dir from = Dir.open(scratch.path("from"));
          Dir a = from.enter("a");
          Descriptor file = a.openPath("file")) {
        InodeAttributes.chown(file, 12, 4_000_000_000L);
        InodeAttributes.chmod(file, 06755);
        byte[] capability = {1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        Xattrs.set(file, "security.capability", capability, 0);
        Xattrs.set(file, "user.some", new byte[] {0, -1}, 0);
        InodeAttributes.setTimes(file, TIME, TIME);
        from.link(file, "second");
        from.symlink("/no/such", "link");
        from.mknod("device", FileType.CHARACTER_DEVICE, 0640, new DeviceNumber(1, 3));
        from.mknod("whiteout", FileType.CHARACTER_DEVICE, 0, DeviceNumber.NONE);
        from.mknod("fifo", FileType.FIFO, 0622, DeviceNumber.NONE);
        from.mknod("socket", FileType.SOCKET, 0600, DeviceNumber.NONE);
        try (Descriptor link = from.openPath("link")) {
          InodeAttributes.chown(link, 5, 6);
          InodeAttributes.setTimes(link, TIME, TIME);
        }
        InodeAttributes.chmod(a.descriptor(), 01770);
        InodeAttributes.setTimes(a.descriptor(), TIME, TIME);
        InodeAttributes.chmod(from.descriptor(), 0711);
        InodeAttributes.chown(from.descriptor(), 7, 8);
        InodeAttributes.setTimes(from.descriptor(), TIME, TIME);
      }
      copy(scratch);
      assertEquals("text", scratch.read("to/a/file"));
      try (Dir from = Dir.open(scratch.path("from"));
          Dir to = Dir.open(scratch.path("to"))) {
        assertSame(from.stat(), to.stat());
        for (String name : List.of("a", "second", "link", "device", "whiteout", "fifo", "socket")) {
          assertSame(from.stat(name), to.stat(name));
        }
        assertEquals("/no/such", to.readlink("link"));
        try (Dir a = to.enter("a");
            Descriptor file = a.openPath("file");
            Descriptor second = to.openPath("second")) {
          assertTrue(file.stat().sameFile(second.stat()));
          assertArrayEquals(new byte[] {0, -1}, Xattrs.get(file, "user.some").orElseThrow());
          assertEquals(20, Xattrs.get(file, "security.capability").orElseThrow().length);
        }
      }
    }
  }

  private static void assertSame(FileStat was, FileStat is) {
    assertEquals(was.mode(), is.mode());
    assertEquals(was.uid(), is.uid());
    assertEquals(was.gid(), is.gid());
    assertEquals(was.node(), is.node());
    assertEquals(was.links(), is.links());
    assertEquals(was.modified(), is.modified());
    if (was.type() != FileType.DIRECTORY) { // whose times of access the walk itself changes
      assertEquals(was.size(), is.size());
    }
  }

  @Test
  void copy_holes_stayHoles() {
    try (Scratch scratch = Scratch.onDisk()) {
      String path = scratch.file("from/sparse", "begin");
      try (Descriptor file = Descriptor.open(path, OpenFlags.O_WRONLY, 0)) {
        FileData.seek(file, 100L << 20);
        FileData.write(file, new byte[] {'e', 'n', 'd'}, 0, 3);
        FileData.truncate(file, 200L << 20);
      }
      copy(scratch);
      try (Descriptor file = Descriptor.open(scratch.path("to/sparse"), OpenFlags.O_RDONLY, 0)) {
        assertEquals(200L << 20, file.stat().size());
        assertTrue(file.stat().allocated() < 1 << 20, file.stat().toString());
        FileData.seek(file, 100L << 20);
        byte[] end = new byte[3];
        FileData.read(file, end, 0, 3);
        assertArrayEquals(new byte[] {'e', 'n', 'd'}, end);
      }
    }
  }

  @Test
  void copy_toAnotherFileSystem_goesThroughMemory() {
    try (Scratch scratch = Scratch.onDisk();
        Scratch other = Scratch.onTmpfs()) {
      String text = "0123456789".repeat(50_000);
      scratch.file("from/file", text);
      try (Dir from = Dir.open(scratch.path("from"));
          Dir to = other.dir()) {
        assertFalse(TreeCopy.copy(from, to, () -> {}));
      }
      assertEquals(text, other.read("file"));
    }
  }

  @Test
  void copy_deepTree_needsNoPathOfItsLength() {
    try (Scratch scratch = Scratch.onDisk()) {
      String name = "n".repeat(200);
      Dir dir = Dir.open(scratch.folder("from"));
      for (int i = 0; i < 100; i++) {
        try (Dir parent = dir) {
          parent.mkdir(name, 0755);
          dir = parent.enter(name);
        }
      }
      dir.mkdir("bottom", 0700);
      dir.close();
      copy(scratch);
      dir = Dir.open(scratch.path("to"));
      for (int i = 0; i < 100; i++) {
        try (Dir parent = dir) {
          dir = parent.enter(name);
        }
      }
      assertEquals("bottom", dir.list().getFirst().name());
      dir.close();
    }
  }

  @Test
  void copy_whatIsMountedBelow_isLeftOut() {
    try (Scratch scratch = Scratch.onDisk()) {
      scratch.file("from/kept", "x");
      Mounts.mount("tmpfs", "tmpfs", scratch.folder("from/mounted"), List.of("size=1m"));
      scratch.file("from/mounted/secret", "x");
      String other = scratch.file("other", "secret");
      Mounts.mount("bind", other, scratch.file("from/bound", ""), List.of("bind"));
      copy(scratch);
      assertEquals("x", scratch.read("to/kept"));
      assertFalse(Files.exists(Path.of(scratch.path("to/mounted"))));
      assertFalse(Files.exists(Path.of(scratch.path("to/bound"))));
    }
  }

  @Test
  void copy_givenUp_throwsWhatTheCheckThrows() {
    try (Scratch scratch = Scratch.onDisk()) {
      scratch.file("from/a/file", "x");
      scratch.folder("to");
      try (Dir from = Dir.open(scratch.path("from"));
          Dir to = Dir.open(scratch.path("to"))) {
        assertThrows(
            IllegalStateException.class,
            () ->
                TreeCopy.copy(
                    from,
                    to,
                    () -> {
                      throw new IllegalStateException();
                    }));
      }
    }
  }

  @Test
  void copy_onBtrfs_sharesBlocks() {
    try (Scratch scratch = Scratch.onBtrfs()) {
      scratch.file("from/file", "x".repeat(1_000_000));
      try (Dir dir = scratch.dir()) {
        FileData.syncFileSystem(dir.descriptor());
      }
      assertTrue(copy(scratch));
      try (Descriptor file = Descriptor.open(scratch.path("to/file"), OpenFlags.O_RDONLY, 0)) {
        assertEquals(0, FileData.exclusiveBytes(file));
      }
      scratch.file("from/alone", "x".repeat(1_000_000));
      try (Descriptor file = Descriptor.open(scratch.path("from/alone"), OpenFlags.O_RDONLY, 0)) {
        FileData.syncFileSystem(file);
        assertTrue(FileData.exclusiveBytes(file) >= 1_000_000);
      }
    }
  }
}
