package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SubvolumesTest {
  private static void sync(Dir dir) {
    FileData.syncFileSystem(dir.descriptor());
  }

  @Test
  void snapshot_isItsOwn_andCountsWhatIsNew() {
    try (Scratch scratch = Scratch.onBtrfs();
        Dir dir = scratch.dir()) {
      Subvolumes.create(dir, "one");
      scratch.file("one/large", "x".repeat(1_000_000));
      scratch.file("one/small", "x");
      sync(dir);
      try (Dir one = dir.enter("one")) {
        assertTrue(Subvolumes.isSubvolume(one));
        DiskUsage all = Subvolumes.own(one, true);
        assertEquals(3, all.inodes());
        assertEquals(1_000_001, all.length());
        assertTrue(all.bytes() >= 1_000_001 && all.bytes() < 1_100_000, all.toString());
        Subvolumes.snapshot(one, dir, "two");
      }
      try (Dir two = dir.enter("two")) {
        assertEquals(new DiskUsage(0, 0, 0), Subvolumes.own(two, false));
        scratch.file("two/more", "x".repeat(500_000));
        scratch.file("two/small", "changed");
        sync(dir);
        DiskUsage own = Subvolumes.own(two, false);
        assertEquals(1, own.inodes());
        assertTrue(own.bytes() >= 500_000 && own.bytes() < 600_000, own.toString());
      }
      assertEquals("x", scratch.read("one/small"));
    }
  }

  @Test
  void readOnly_refusesWriting_untilItIsTakenBack() {
    try (Scratch scratch = Scratch.onBtrfs();
        Dir dir = scratch.dir()) {
      Subvolumes.create(dir, "one");
      try (Dir one = dir.enter("one")) {
        Subvolumes.setReadOnly(one, true);
        assertTrue(Subvolumes.isReadOnly(one));
        Expect.fails(Errno.EROFS, () -> one.mkdir("a", 0755));
        Subvolumes.setReadOnly(one, false);
        one.mkdir("a", 0755);
      }
    }
  }

  @Test
  void delete_withOthersWithin_deletesAll() {
    try (Scratch scratch = Scratch.onBtrfs();
        Dir dir = scratch.dir()) {
      Subvolumes.create(dir, "one");
      scratch.file("one/a/b/file", "x");
      try (Dir b = dir.openDirInRoot("one/a/b")) {
        Subvolumes.create(b, "inner");
        try (Dir inner = b.enter("inner")) {
          inner.mkdir("folder", 0755);
          try (Dir folder = inner.enter("folder")) {
            Subvolumes.create(folder, "innermost");
          }
          Subvolumes.setReadOnly(inner, true);
        }
      }
      try (Dir one = dir.enter("one")) {
        Subvolumes.setReadOnly(one, true);
      }
      assertTrue(Subvolumes.delete(dir, "one", () -> {}));
      assertFalse(Subvolumes.delete(dir, "one", () -> {}));
      assertTrue(dir.isEmpty());
    }
  }

  @Test
  void own_ofManyFiles_isReadInPieces() {
    try (Scratch scratch = Scratch.onBtrfs();
        Dir dir = scratch.dir()) {
      Subvolumes.create(dir, "one");
      try (Dir one = dir.enter("one")) {
        for (int i = 0; i < 3000; i++) {
          one.mknod("file" + i, FileType.REGULAR, 0600, DeviceNumber.NONE);
        }
        sync(dir);
        assertEquals(3001, Subvolumes.own(one, true).inodes());
      }
    }
  }

  @Test
  void create_elsewhere_isRefused() {
    try (Scratch scratch = Scratch.onTmpfs();
        Dir dir = scratch.dir()) {
      assertFalse(Subvolumes.isSubvolume(dir));
      Expect.fails(Errno.ENOTTY, () -> Subvolumes.create(dir, "one"));
      Expect.fails(Errno.EINVAL, () -> Subvolumes.create(dir, "a/b"));
    }
  }
}
