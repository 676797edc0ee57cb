package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MachineFactsTest {
  private final Scratch scratch = Scratch.onTmpfs("size=8m,nr_inodes=100");

  @AfterEach
  void cleanUp() {
    scratch.close();
  }

  @Test
  void fileSystem_tmpfs_tellsSizeTypeAndFlags() {
    FileSystemInfo info = FileSystemInfo.of(scratch.path());
    assertEquals(FileSystemInfo.TMPFS, info.magic());
    assertEquals("tmpfs", info.name());
    assertEquals(8L * 1024 * 1024, info.totalBytes());
    assertEquals(100, info.totalInodes());
    long free = info.freeBytes();
    scratch.file("f", "x".repeat(1_000_000));
    FileSystemInfo now = FileSystemInfo.of(scratch.path());
    assertTrue(free - now.freeBytes() >= 1_000_000);
    assertEquals(info.freeInodes() - 1, now.freeInodes());
    assertFalse(now.readOnly());
    Mounts.setAttributes(scratch.path(), MountAttributes.RDONLY, 0, false);
    assertTrue(FileSystemInfo.of(scratch.path()).readOnly());
    Mounts.setAttributes(scratch.path(), 0, MountAttributes.RDONLY, false);
    assertEquals("proc", FileSystemInfo.of("/proc").name());
  }

  @Test
  void fileSystem_sameNumbersAsTheJdk() throws Exception {
    FileSystemInfo info = FileSystemInfo.of("/");
    java.nio.file.FileStore store = Files.getFileStore(Path.of("/"));
    assertEquals(store.getTotalSpace(), info.totalBytes());
    assertEquals(store.getBlockSize(), info.blockSize());
    assertTrue(info.availableBytes() <= info.freeBytes());
  }

  @Test
  void tellsEntryTypes_tmpfs_yesAndLeavesNothing() {
    try (Dir dir = scratch.dir()) {
      assertTrue(FileSystemInfo.tellsEntryTypes(dir));
      assertTrue(dir.isEmpty());
    }
  }

  @Test
  void groups_namesNumbersAndUnknown() {
    HostGroups groups =
        new HostGroups(
            Path.of(
                scratch.file(
                    "group", "root:x:0:\nbroken\ndocker:x:998:a,b\nbig:x:4294967296:\nü:x:7:\n")));
    assertEquals(OptionalLong.of(0), groups.id("root"));
    assertEquals(OptionalLong.of(998), groups.id("docker"));
    assertEquals(OptionalLong.of(7), groups.id("ü"));
    assertEquals(OptionalLong.of(1234), groups.id("1234"));
    for (String none : new String[] {"", "dock", "broken", "big", "4294967295", "99999999999"}) {
      assertEquals(OptionalLong.empty(), groups.id(none), none);
    }
    assertEquals(OptionalLong.empty(), new HostGroups(Path.of(scratch.path("none"))).id("root"));
    assertEquals(OptionalLong.of(0), new HostGroups().id("root"));
  }

  @Test
  void errno_numbersAndNames() {
    assertEquals(Errno.ENOSPC, Errno.of(28));
    assertEquals(Errno.UNKNOWN, Errno.of(0));
    assertEquals(Errno.UNKNOWN, Errno.of(-5));
    assertEquals(Errno.UNKNOWN, Errno.of(524));
    assertEquals(Errno.EHWPOISON, Errno.of(133));
    LinuxException odd = new LinuxException("call", "x", 524, "");
    assertEquals("call(x): errno 524 (unknown error)", odd.getMessage());
    assertEquals(524, odd.number());
    assertFalse(odd.is(Errno.UNKNOWN));
  }
}
