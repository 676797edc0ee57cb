package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InodeAttributesTest {
  private final Scratch scratch = Scratch.onDisk();
  private final Dir dir = scratch.dir();

  @AfterEach
  void cleanUp() {
    dir.close();
    scratch.close();
  }

  @Test
  void chmod_byPathDescriptorAndPlain_setsAllBits() {
    scratch.file("f", "");
    try (Descriptor path = dir.openPath("f")) {
      InodeAttributes.chmod(path, 07751);
      assertEquals(07751, dir.stat("f").permissions());
    }
    try (Descriptor plain = dir.openName("f", OpenFlags.O_RDONLY, 0)) {
      InodeAttributes.chmod(plain, 04000);
      assertEquals(04000, dir.stat("f").permissions());
      Expect.fails(Errno.EINVAL, () -> InodeAttributes.chmod(plain, 0100644));
    }
  }

  @Test
  void chmod_link_changesNeitherLinkNorTarget() {
    scratch.file("target", "");
    dir.symlink("target", "link");
    int before = dir.stat("target").permissions();
    try (Descriptor link = dir.openPath("link")) {
      Expect.fails(Errno.EOPNOTSUPP, () -> InodeAttributes.chmod(link, 0777));
    }
    assertEquals(before, dir.stat("target").permissions());
  }

  @Test
  void chown_link_changesTheLinkOnly() {
    scratch.file("target", "");
    dir.symlink("target", "link");
    try (Descriptor link = dir.openPath("link")) {
      InodeAttributes.chown(link, 7, 8);
    }
    assertEquals(7, dir.stat("link").uid());
    assertEquals(8, dir.stat("link").gid());
    assertEquals(0, dir.stat("target").uid());
  }

  @Test
  void chown_edgesOfTheRange_areExact() {
    scratch.file("f", "");
    try (Descriptor file = dir.openPath("f")) {
      InodeAttributes.chown(file, 4_294_967_294L, 2_147_483_648L);
      assertEquals(4_294_967_294L, dir.stat("f").uid());
      assertEquals(2_147_483_648L, dir.stat("f").gid());
      InodeAttributes.chown(file, InodeAttributes.UNCHANGED, 5);
      assertEquals(4_294_967_294L, dir.stat("f").uid());
      assertEquals(5, dir.stat("f").gid());
      Expect.fails(Errno.EINVAL, () -> InodeAttributes.chown(file, 4_294_967_296L, 0));
      Expect.fails(Errno.EINVAL, () -> InodeAttributes.chown(file, 0, -1));
    }
  }

  @Test
  void setTimes_nanosecondsAndBefore1970_areKept() {
    scratch.file("f", "");
    dir.symlink("f", "link");
    dir.mknod("p", FileType.FIFO, 0600, DeviceNumber.NONE);
    for (String name : new String[] {"f", "link", "p"}) {
      Timestamp accessed = new Timestamp(1_000_000_000, 123_456_789);
      Timestamp modified = new Timestamp(-1_000, 987_654_321);
      try (Descriptor file = dir.openPath(name)) {
        InodeAttributes.setTimes(file, accessed, modified);
        assertEquals(accessed, file.stat().accessed());
        assertEquals(modified, file.stat().modified());
        InodeAttributes.setTimes(file, null, new Timestamp(5, 0));
        assertEquals(accessed, file.stat().accessed());
        assertEquals(new Timestamp(5, 0), file.stat().modified());
      }
    }
  }

  @Test
  void setTimes_beyondEveryCalendar_canBeReadBack() {
    try (Scratch memory = Scratch.onTmpfs();
        Dir top = memory.dir()) {
      memory.file("f", "");
      try (Descriptor file = top.openPath("f")) {
        InodeAttributes.setTimes(file, null, new Timestamp(Long.MAX_VALUE, 0));
        assertEquals(Long.MAX_VALUE, file.stat().modified().seconds());
        assertEquals(Instant.MAX, file.stat().modified().instant());
        InodeAttributes.setTimes(file, null, new Timestamp(Long.MIN_VALUE, 1));
        assertEquals(Instant.MIN, file.stat().modified().instant());
      }
    }
  }

  @Test
  void timestamp_ordersAndConverts() {
    Instant now = Instant.now();
    assertEquals(now, Timestamp.of(now).instant());
    assertEquals(-1, new Timestamp(-1, 5).compareTo(new Timestamp(-1, 6)));
    assertEquals(1, new Timestamp(0, 0).compareTo(new Timestamp(-1, 999_999_999)));
  }
}
