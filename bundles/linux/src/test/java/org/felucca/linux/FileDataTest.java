package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FileDataTest {
  private final Scratch scratch = Scratch.onDisk();

  @AfterEach
  void cleanUp() {
    scratch.close();
  }

  private Descriptor create(String name) {
    return Descriptor.open(
        scratch.path(name), OpenFlags.O_CREAT | OpenFlags.O_RDWR | OpenFlags.O_EXCL, 0600);
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void write_heapAndDirectLargerThanABounce_writesAll() throws IOException {
    byte[] content = random(300_001);
    try (Descriptor heap = create("heap");
        Descriptor direct = create("direct")) {
      FileData.write(heap, content, 0, content.length);
      ByteBuffer buffer = ByteBuffer.allocateDirect(content.length + 10);
      buffer.position(10).put(content).position(10);
      FileData.write(direct, buffer);
      assertEquals(0, buffer.remaining());
    }
    assertArrayEquals(content, Files.readAllBytes(Path.of(scratch.path("heap"))));
    assertArrayEquals(content, Files.readAllBytes(Path.of(scratch.path("direct"))));
  }

  @Test
  void write_rangesOfArrays_touchNothingElse() {
    try (Descriptor file = create("f")) {
      FileData.write(file, "..abc..".getBytes(java.nio.charset.StandardCharsets.US_ASCII), 2, 3);
      byte[] read = "-------".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
      FileData.seek(file, 1);
      assertEquals(2, FileData.read(file, read, 3, 4));
      assertEquals("---bc--", new String(read, java.nio.charset.StandardCharsets.US_ASCII));
      assertEquals(-1, FileData.read(file, read, 0, 1));
      assertEquals(0, FileData.read(file, read, 0, 0));
    }
  }

  @Test
  void pwriteAndPread_atOffsets_leaveTheOwnOffset() {
    byte[] content = random(200_000);
    try (Descriptor file = create("f")) {
      FileData.pwrite(file, ByteBuffer.wrap(content), 50);
      ByteBuffer direct = ByteBuffer.allocateDirect(content.length);
      direct.put(content).flip();
      FileData.pwrite(file, direct, 300_000);
      for (long offset : new long[] {50, 300_000}) {
        ByteBuffer heap = ByteBuffer.allocate(content.length);
        ByteBuffer target = ByteBuffer.allocateDirect(content.length);
        while (heap.hasRemaining()) {
          FileData.pread(file, heap, offset + heap.position());
        }
        while (target.hasRemaining()) {
          FileData.pread(file, target, offset + target.position());
        }
        assertArrayEquals(content, heap.array());
        assertEquals(ByteBuffer.wrap(content), target.flip());
      }
      byte[] first = new byte[1];
      FileData.read(file, first, 0, 1);
      assertEquals(0, first[0], "the own offset had moved");
    }
  }

  @Test
  void read_intoReadOnlyBuffer_isRefused() {
    try (Descriptor file = create("f")) {
      ByteBuffer readOnly = ByteBuffer.allocate(1).asReadOnlyBuffer();
      assertThrows(IllegalArgumentException.class, () -> FileData.read(file, readOnly));
    }
  }

  @Test
  void holes_madeAndFound() {
    int block = 64 * 1024;
    try (Descriptor file = create("f")) {
      FileData.truncate(file, 10L * block);
      assertEquals(FileData.NO_DATA, FileData.seekData(file, 0));
      FileData.pwrite(file, ByteBuffer.wrap(random(2 * block)), 4L * block);
      assertEquals(4L * block, FileData.seekData(file, 0));
      assertEquals(6L * block, FileData.seekHole(file, 4L * block));
      assertEquals(FileData.NO_DATA, FileData.seekData(file, 6L * block));
      FileData.punchHole(file, 4L * block, block);
      assertEquals(5L * block, FileData.seekData(file, 0));
      assertEquals(10L * block, file.stat().size());
      Expect.fails(Errno.ENXIO, () -> FileData.seekHole(file, 11L * block));
    }
  }

  @Test
  void allocate_beyondTheEnd_takesBlocks() {
    try (Descriptor file = create("f")) {
      FileData.allocate(file, 0, 1024 * 1024);
      FileStat stat = file.stat();
      assertEquals(1024 * 1024, stat.size());
      assertTrue(stat.allocated() >= 1024 * 1024);
    }
  }

  @Test
  void copyRange_pastTheEnd_copiesWhatIsThere() throws IOException {
    byte[] content = random(100_000);
    try (Descriptor from = create("from");
        Descriptor to = create("to")) {
      FileData.write(from, content, 0, content.length);
      assertEquals(99_000, FileData.copyRange(from, 1_000, to, 10, 1_000_000));
      byte[] copied = Files.readAllBytes(Path.of(scratch.path("to")));
      assertArrayEquals(
          Arrays.copyOfRange(content, 1_000, 100_000), Arrays.copyOfRange(copied, 10, 99_010));
      assertEquals(0, FileData.copyRange(from, 100_000, to, 0, 10));
    }
  }

  @Test
  void reflink_whereTheFileSystemCan_sharesElseSaysSo() throws IOException {
    byte[] content = random(50_000);
    try (Descriptor from = create("from");
        Descriptor to = create("to")) {
      FileData.write(from, content, 0, content.length);
      boolean shared = FileData.reflink(from, to);
      String type = FileSystemInfo.of(from).name();
      if (type.equals("btrfs")) {
        assertTrue(shared);
      } else if (type.equals("ext4") || type.equals("tmpfs")) {
        assertEquals(false, shared);
      }
      assertArrayEquals(
          shared ? content : new byte[0], Files.readAllBytes(Path.of(scratch.path("to"))));
    }
  }

  @Test
  void syncs_onFileAndFolder_succeed() {
    try (Descriptor file = create("f");
        Dir dir = scratch.dir()) {
      FileData.write(file, new byte[] {1}, 0, 1);
      FileData.syncRange(file, 0, 0, FileData.SYNC_FILE_RANGE_WRITE);
      FileData.syncData(file);
      FileData.sync(file);
      FileData.sync(dir.descriptor());
      FileData.syncFileSystem(dir.descriptor());
      try (Descriptor path = dir.openPath("f")) {
        Expect.fails(Errno.EBADF, () -> FileData.sync(path));
      }
    }
  }

  @Test
  void write_fullDisk_isNoSpace() {
    try (Scratch small = Scratch.onTmpfs("size=64k");
        Descriptor file =
            Descriptor.open(small.path("f"), OpenFlags.O_CREAT | OpenFlags.O_WRONLY, 0600)) {
      LinuxException e =
          Expect.fails(Errno.ENOSPC, () -> FileData.write(file, random(100_000), 0, 100_000));
      assertEquals(
          "write(" + small.path("f") + "): ENOSPC (no space left on device)", e.getMessage());
      Expect.fails(Errno.ENOSPC, () -> FileData.allocate(file, 0, 1_000_000));
    }
  }

  @Test
  void writeOnce_fullPipe_writesWhatFitsThenFails() {
    try (Pipe pipe = Pipe.open(OpenFlags.O_NONBLOCK)) {
      ByteBuffer heap = ByteBuffer.wrap(random(1_000_000));
      int written = FileData.writeOnce(pipe.writer(), heap);
      assertTrue(written > 0 && written < 1_000_000);
      assertEquals(written, heap.position());
      Expect.fails(
          Errno.EAGAIN,
          () -> {
            while (true) {
              FileData.writeOnce(pipe.writer(), heap);
            }
          });
      pipe.reader().close();
      Expect.fails(Errno.EPIPE, () -> FileData.writeOnce(pipe.writer(), heap));
    }
  }
}
