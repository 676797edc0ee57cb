package org.felucca.linux;

import static org.felucca.linux.OpenFlags.O_CLOEXEC;
import static org.felucca.linux.OpenFlags.O_DIRECTORY;
import static org.felucca.linux.OpenFlags.O_RDONLY;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** The names in a folder, one buffer of getdents64(2) at a time. For one thread. */
final class DirStream implements AutoCloseable {
  // struct linux_dirent64: inode 8, offset 8, length 2, type 1, name ended by NUL
  private static final int LENGTH = 16;
  private static final int TYPE = 18;
  private static final int NAME = 19;

  private final Descriptor open;
  private final byte[] buffer;
  private final ByteBuffer fields;
  private int position;
  private int end;

  /** Reads on where the descriptor's own offset is, and closes it in the end. */
  DirStream(Descriptor open, int size) {
    this.open = open;
    this.buffer = new byte[size];
    this.fields = ByteBuffer.wrap(buffer).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Reads from the start, through a descriptor of its own, so that several may at once. */
  static DirStream openedFrom(Dir dir, int size) {
    byte[] self = {'.', 0};
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    Descriptor open =
        Descriptor.opened(
            dir.descriptor().call("openat", ".", fd -> Libc.openat(fd, self, flags, 0)), flags);
    return new DirStream(open, size);
  }

  /** The next name other than {@code .} and {@code ..}, null at the end. */
  @Nullable DirEntry next() {
    while (true) {
      if (position == end) {
        position = 0;
        end = 0;
        end = (int) open.call("getdents64", null, fd -> Libc.getdents64(fd, buffer, buffer.length));
        if (end == 0) {
          return null;
        }
      }
      int start = position;
      position += fields.getShort(start + LENGTH);
      int nameStart = start + NAME;
      int nameEnd = nameStart;
      while (buffer[nameEnd] != 0) {
        nameEnd++;
      }
      int length = nameEnd - nameStart;
      boolean selfOrParent =
          buffer[nameStart] == '.'
              && (length == 1 || (length == 2 && buffer[nameStart + 1] == '.'));
      if (!selfOrParent) {
        return new DirEntry(
            FileNames.decode(buffer, nameStart, length),
            FileType.ofEntryType(buffer[start + TYPE]),
            fields.getLong(start));
      }
    }
  }

  @Override
  public void close() {
    open.close();
  }
}
