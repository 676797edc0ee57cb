package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class XattrsTest {
  private final Scratch scratch = Scratch.onDisk();
  private final Dir dir = scratch.dir();

  @AfterEach
  void cleanUp() {
    dir.close();
    scratch.close();
  }

  @Test
  void set_onAFileByEitherDescriptor_readsBack() {
    scratch.file("f", "");
    try (Descriptor path = dir.openPath("f");
        Descriptor plain = dir.openName("f", OpenFlags.O_RDONLY, 0)) {
      Xattrs.set(path, "user.a", new byte[] {0, 1, (byte) 0xFF}, Xattrs.XATTR_CREATE);
      assertArrayEquals(new byte[] {0, 1, (byte) 0xFF}, Xattrs.get(plain, "user.a").orElseThrow());
      Expect.fails(
          Errno.EEXIST, () -> Xattrs.set(plain, "user.a", new byte[0], Xattrs.XATTR_CREATE));
      Expect.fails(
          Errno.ENODATA, () -> Xattrs.set(plain, "user.b", new byte[0], Xattrs.XATTR_REPLACE));
      Xattrs.set(plain, "user.empty", new byte[0], 0);
      assertArrayEquals(new byte[0], Xattrs.get(path, "user.empty").orElseThrow());
      assertEquals(Set.of("user.a", "user.empty"), new TreeSet<>(Xattrs.list(path)));
      assertTrue(Xattrs.remove(path, "user.a"));
      assertFalse(Xattrs.remove(path, "user.a"));
      assertTrue(Xattrs.get(path, "user.a").isEmpty());
    }
  }

  @Test
  void set_onALink_leavesTheTargetAlone() {
    scratch.file("target", "");
    dir.symlink("target", "link");
    dir.symlink("nowhere", "dangling");
    for (String name : new String[] {"link", "dangling"}) {
      try (Descriptor link = dir.openPath(name)) {
        Xattrs.set(link, "trusted.felucca", new byte[] {5}, 0);
        assertEquals(List.of("trusted.felucca"), Xattrs.list(link));
        assertArrayEquals(new byte[] {5}, Xattrs.get(link, "trusted.felucca").orElseThrow());
        Expect.fails(Errno.EPERM, () -> Xattrs.set(link, "user.a", new byte[] {1}, 0));
      }
    }
    try (Descriptor target = dir.openPath("target")) {
      assertEquals(List.of(), Xattrs.list(target));
    }
    try (Descriptor link = dir.openPath("link")) {
      assertTrue(Xattrs.remove(link, "trusted.felucca"));
    }
  }

  @Test
  void capabilities_onAFile_areBytesLikeAnyOther() {
    scratch.file("f", "");
    // Revision 2 with CAP_NET_RAW permitted and effective.
    byte[] capability = new byte[20];
    capability[0] = 1;
    capability[3] = 2;
    capability[5] = 0x20;
    try (Descriptor file = dir.openPath("f")) {
      Xattrs.set(file, "security.capability", capability, 0);
      assertArrayEquals(capability, Xattrs.get(file, "security.capability").orElseThrow());
    }
  }

  @Test
  void getAndList_longerThanTheFirstTry_comeWhole() {
    try (Scratch memory = Scratch.onTmpfs();
        Dir top = memory.dir()) {
      memory.file("f", "");
      byte[] large = new byte[40_000];
      large[39_999] = 9;
      List<String> names = new ArrayList<>();
      try (Descriptor file = top.openPath("f")) {
        for (int i = 0; i < 60; i++) {
          String name = "trusted.a-rather-long-name-of-an-attribute-" + i;
          names.add(name);
          Xattrs.set(file, name, new byte[] {(byte) i}, 0);
        }
        Xattrs.set(file, "trusted.large", large, 0);
        names.add("trusted.large");
        assertEquals(new TreeSet<>(names), new TreeSet<>(Xattrs.list(file)));
        assertArrayEquals(large, Xattrs.get(file, "trusted.large").orElseThrow());
      }
    }
  }

  @Test
  void list_fileSystemWithoutAny_isEmpty() {
    try (Descriptor proc = Descriptor.open("/proc/self/stat", OpenFlags.O_PATH, 0)) {
      assertEquals(List.of(), Xattrs.list(proc));
      Expect.fails(Errno.EOPNOTSUPP, () -> Xattrs.set(proc, "user.a", new byte[0], 0));
    }
  }
}
