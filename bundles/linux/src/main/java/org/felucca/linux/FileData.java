package org.felucca.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * The content of files by descriptor. Direct buffers go to the kernel as they are; byte arrays and
 * heap buffers pass through one of a few direct buffers, 128 KiB at a time. All calls hold the
 * carrier thread, those that read, write or sync for as long as the disk takes.
 */
public final class FileData {
  /** Answer of {@link #seekData}: nothing but a hole from there on. */
  public static final long NO_DATA = -1;

  /** For {@link #syncRange}: begin to write out what is dirty, and don't wait. */
  public static final int SYNC_FILE_RANGE_WRITE = 2;

  private static final int BOUNCE = 128 * 1024;
  private static final ArrayBlockingQueue<ByteBuffer> BOUNCES = new ArrayBlockingQueue<>(8);
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int FALLOC_FL_KEEP_SIZE = 1;
  private static final int FALLOC_FL_PUNCH_HOLE = 2;
  private static final long FICLONE = 0x40049409L;
  private static final long FIEMAP = 0xC020660BL;
  // struct fiemap: start 8, length 8, flags 4, mapped 4, count 4, reserved 4; then the extents,
  // each logical 8, physical 8, length 8, reserved 16, flags 4, reserved 12.
  private static final int FIEMAP_HEADER = 32;
  private static final int FIEMAP_EXTENT = 56;
  private static final int FIEMAP_EXTENTS = 64;
  private static final int FIEMAP_EXTENT_LAST = 1;
  private static final int FIEMAP_EXTENT_SHARED = 0x2000;

  private FileData() {}

  /** One call of the kernel's: a buffer from its start for {@code count} bytes. */
  private interface Transfer {
    long run(int fd, ByteBuffer buffer, long count, long done);
  }

  /**
   * Reads once into the buffer's remaining space.
   *
   * @return bytes read, -1 at the end
   * @throws LinuxException EAGAIN if it is non-blocking and nothing is there
   */
  public static int read(Descriptor file, ByteBuffer buffer) {
    return readOnce(file, "read", buffer, (fd, b, n, done) -> Libc.read(fd, b, n));
  }

  /** As {@link #read(Descriptor, ByteBuffer)}, from an offset and without moving the file's own. */
  public static int pread(Descriptor file, ByteBuffer buffer, long offset) {
    return readOnce(file, "pread", buffer, (fd, b, n, done) -> Libc.pread(fd, b, n, offset));
  }

  /** Reads once into a range of an array; -1 at the end. */
  public static int read(Descriptor file, byte[] bytes, int offset, int length) {
    return read(file, ByteBuffer.wrap(bytes, offset, length));
  }

  /** Writes all that remains in the buffer. */
  public static void write(Descriptor file, ByteBuffer buffer) {
    writeAll(file, "write", buffer, (fd, b, n, done) -> Libc.write(fd, b, n));
  }

  /** Writes a range of an array. */
  public static void write(Descriptor file, byte[] bytes, int offset, int length) {
    write(file, ByteBuffer.wrap(bytes, offset, length));
  }

  /** Writes all that remains in the buffer at an offset, without moving the file's own. */
  public static void pwrite(Descriptor file, ByteBuffer buffer, long offset) {
    writeAll(file, "pwrite", buffer, (fd, b, n, done) -> Libc.pwrite(fd, b, n, offset + done));
  }

  /**
   * Writes once as much as fits, for non-blocking descriptors.
   *
   * @return bytes written
   * @throws LinuxException EAGAIN if nothing fits now, EPIPE if nobody reads
   */
  public static int writeOnce(Descriptor file, ByteBuffer buffer) {
    if (!buffer.hasRemaining()) {
      return 0;
    }
    if (buffer.isDirect()) {
      ByteBuffer rest = buffer.slice();
      int count = (int) file.call("write", null, fd -> Libc.write(fd, rest, rest.remaining()));
      buffer.position(buffer.position() + count);
      return count;
    }
    ByteBuffer bounce = borrow();
    try {
      int chunk = fill(bounce, buffer);
      int count = (int) file.call("write", null, fd -> Libc.write(fd, bounce, chunk));
      buffer.position(buffer.position() + count);
      return count;
    } finally {
      giveBack(bounce);
    }
  }

  private static int readOnce(Descriptor file, String name, ByteBuffer buffer, Transfer transfer) {
    if (!buffer.hasRemaining()) {
      return 0;
    }
    if (buffer.isReadOnly()) {
      throw new IllegalArgumentException("the buffer is read-only");
    }
    int count;
    if (buffer.isDirect()) {
      ByteBuffer rest = buffer.slice();
      count = (int) file.call(name, null, fd -> transfer.run(fd, rest, rest.remaining(), 0));
      buffer.position(buffer.position() + count);
    } else {
      ByteBuffer bounce = borrow();
      try {
        int chunk = Math.min(BOUNCE, buffer.remaining());
        count = (int) file.call(name, null, fd -> transfer.run(fd, bounce, chunk, 0));
        buffer.put(bounce.clear().limit(count));
      } finally {
        giveBack(bounce);
      }
    }
    return count == 0 ? -1 : count;
  }

  private static void writeAll(Descriptor file, String name, ByteBuffer buffer, Transfer transfer) {
    int start = buffer.position();
    if (buffer.isDirect()) {
      while (buffer.hasRemaining()) {
        ByteBuffer rest = buffer.slice();
        long done = (long) buffer.position() - start;
        long count = file.call(name, null, fd -> transfer.run(fd, rest, rest.remaining(), done));
        buffer.position(buffer.position() + (int) count);
      }
      return;
    }
    ByteBuffer bounce = borrow();
    try {
      while (buffer.hasRemaining()) {
        int chunk = fill(bounce, buffer);
        long done = (long) buffer.position() - start;
        long count = file.call(name, null, fd -> transfer.run(fd, bounce, chunk, done));
        buffer.position(buffer.position() + (int) count);
      }
    } finally {
      giveBack(bounce);
    }
  }

  /** Copies from the heap buffer, without moving it, and returns how much. */
  private static int fill(ByteBuffer bounce, ByteBuffer from) {
    int chunk = Math.min(BOUNCE, from.remaining());
    bounce.clear().put(0, from, from.position(), chunk);
    return chunk;
  }

  private static ByteBuffer borrow() {
    ByteBuffer bounce = BOUNCES.poll();
    return bounce != null ? bounce.clear() : ByteBuffer.allocateDirect(BOUNCE);
  }

  private static void giveBack(ByteBuffer bounce) {
    if (!BOUNCES.offer(bounce)) {
      bounce.clear(); // more than the queue keeps: left to the garbage collector
    }
  }

  /** Cuts or extends it to {@code length} bytes; what is added reads as zeros. */
  public static void truncate(Descriptor file, long length) {
    file.call("ftruncate", null, fd -> Libc.ftruncate(fd, length));
  }

  /** Makes a range read as zeros and frees its blocks; the size stays. */
  public static void punchHole(Descriptor file, long offset, long length) {
    file.call(
        "fallocate",
        null,
        fd -> Libc.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length));
  }

  /** Reserves the blocks of a range and extends the file to it: ENOSPC comes now and not later. */
  public static void allocate(Descriptor file, long offset, long length) {
    file.call("fallocate", null, fd -> Libc.fallocate(fd, 0, offset, length));
  }

  /** Where the next data at or after {@code offset} begins, {@link #NO_DATA} if there is none. */
  public static long seekData(Descriptor file, long offset) {
    try {
      return file.call("lseek", null, fd -> Libc.lseek(fd, offset, SEEK_DATA));
    } catch (LinuxException e) {
      if (e.is(Errno.ENXIO)) {
        return NO_DATA;
      }
      throw e;
    }
  }

  /** Where the next hole at or after {@code offset} begins; the end of the file counts as one. */
  public static long seekHole(Descriptor file, long offset) {
    return file.call("lseek", null, fd -> Libc.lseek(fd, offset, SEEK_HOLE));
  }

  /** Moves the file's own offset, which moves for every duplicate too. */
  public static void seek(Descriptor file, long offset) {
    file.call("lseek", null, fd -> Libc.lseek(fd, offset, 0));
  }

  /**
   * Copies within the kernel, sharing blocks where the file system can; both own offsets stay.
   *
   * @return bytes copied, less than {@code length} only at the end of {@code from}
   * @throws LinuxException EXDEV or EINVAL where the file systems can't: then read and write
   */
  public static long copyRange(
      Descriptor from, long fromOffset, Descriptor to, long toOffset, long length) {
    long[] in = {fromOffset};
    long[] out = {toOffset};
    long done = 0;
    while (done < length) {
      long rest = length - done;
      long count =
          from.call(
              "copy_file_range",
              null,
              source ->
                  to.call(
                      "copy_file_range",
                      null,
                      target -> Libc.copy_file_range(source, in, target, out, rest, 0)));
      if (count == 0) {
        break;
      }
      done += count;
    }
    return done;
  }

  /**
   * Makes {@code to} share all blocks of {@code from} (FICLONE, a reflink).
   *
   * @return false if this file system has none, or they are on two
   */
  public static boolean reflink(Descriptor from, Descriptor to) {
    try {
      to.call(
          "ioctl FICLONE",
          null,
          target ->
              from.call("ioctl FICLONE", null, source -> Libc.ioctl(target, FICLONE, source)));
      return true;
    } catch (LinuxException e) {
      return switch (e.errno()) {
        case EOPNOTSUPP, EXDEV, ENOTTY, EINVAL, ENOSYS -> false;
        default -> throw e;
      };
    }
  }

  /**
   * How many bytes of disk are this file's alone: what is compressed or inline counts as long as it
   * reads, what a reflink shares does not count (FIEMAP).
   *
   * @return -1 if the file system has no such map
   */
  public static long exclusiveBytes(Descriptor file) {
    byte[] map = new byte[FIEMAP_HEADER + FIEMAP_EXTENTS * FIEMAP_EXTENT];
    ByteBuffer fields = ByteBuffer.wrap(map).order(ByteOrder.nativeOrder());
    long start = 0;
    long bytes = 0;
    while (true) {
      Arrays.fill(map, (byte) 0);
      fields.putLong(0, start).putLong(8, Long.MAX_VALUE - start).putInt(24, FIEMAP_EXTENTS);
      try {
        file.call("ioctl FIEMAP", null, fd -> Libc.ioctl(fd, FIEMAP, map));
      } catch (LinuxException e) {
        return switch (e.errno()) {
          case EOPNOTSUPP, ENOTTY, EINVAL -> -1;
          default -> throw e;
        };
      }
      int found = fields.getInt(20);
      for (int i = 0; i < found; i++) {
        int at = FIEMAP_HEADER + i * FIEMAP_EXTENT;
        long length = fields.getLong(at + 16);
        int flags = fields.getInt(at + 40);
        start = fields.getLong(at) + length;
        bytes += (flags & FIEMAP_EXTENT_SHARED) == 0 ? length : 0;
        if ((flags & FIEMAP_EXTENT_LAST) != 0) {
          return bytes;
        }
      }
      if (found == 0) {
        return bytes;
      }
    }
  }

  /** fsync(2): content and metadata have reached the disk when it returns. */
  public static void sync(Descriptor file) {
    file.call("fsync", null, Libc::fsync);
  }

  /** fdatasync(2): content, and of the metadata only what is needed to read it. */
  public static void syncData(Descriptor file) {
    file.call("fdatasync", null, Libc::fdatasync);
  }

  /** syncfs(2): all of the file system that holds it. */
  public static void syncFileSystem(Descriptor file) {
    file.call("syncfs", null, Libc::syncfs);
  }

  /**
   * sync_file_range(2): starts or awaits writing of a range. It promises nothing after a power loss
   * and only spreads the work of a later sync.
   *
   * @param length 0 means to the end
   */
  public static void syncRange(Descriptor file, long offset, long length, int flags) {
    file.call("sync_file_range", null, fd -> Libc.sync_file_range(fd, offset, length, flags));
  }
}
