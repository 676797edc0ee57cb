package org.felucca.engine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * An open file of a log, as it was written: if it was compressed meanwhile (docs/log-format.md), it
 * is read as it was before, and still known by the inode that it had. A position is an offset
 * together with the lower bits of that inode number, so that reading goes on at the right place
 * when the file was rotated meanwhile. Only one thread at a time reads it.
 */
final class LogPart implements AutoCloseable {
  private static final int OFFSET_BITS = 40;
  private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;
  private static final long INODE_MASK = (1L << (63 - OFFSET_BITS)) - 1;

  /** Where the subfield of a compressed file's header begins, what it begins with, its end. */
  private static final int FIELD_AT = 12;

  private static final int FIELD = 'F' | 'e' << 8 | 16 << 16;
  private static final int HEADER = FIELD_AT + 20;
  private static final int BUFFER = 64 << 10;

  private final FileChannel file;
  private final long inode;

  /** How long it was before it was compressed; -1 if it is as it was. */
  private final long length;

  private @Nullable Unpacking unpacking;
  private long unpacked;

  /** Gives its memory back without closing the file. */
  private static final class Unpacking extends GZIPInputStream {
    Unpacking(InputStream packed) throws IOException {
      super(packed, BUFFER);
    }

    @Override
    public void close() {
      inf.end();
    }
  }

  private LogPart(FileChannel file, long inode, long length) {
    this.file = file;
    this.inode = inode & INODE_MASK;
    this.length = length;
  }

  static LogPart plain(FileChannel file, long inode) {
    return new LogPart(file, inode, -1);
  }

  /** A compressed file; null if the logger has not written it. */
  static @Nullable LogPart compressed(FileChannel file) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    while (head.hasRemaining() && file.read(head, head.position()) > 0) {
      // until all of it is there
    }
    boolean ours =
        !head.hasRemaining()
            && head.getShort(0) == (short) 0x8B1F
            && (head.get(3) & 4) != 0
            && head.getInt(FIELD_AT) == FIELD;
    return ours ? new LogPart(file, head.getLong(16), head.getLong(24)) : null;
  }

  /** The lower bits of its inode number. */
  long inode() {
    return inode;
  }

  static long lowerBits(long inode) {
    return inode & INODE_MASK;
  }

  boolean isCompressed() {
    return length >= 0;
  }

  long size() throws IOException {
    return isCompressed() ? length : file.size();
  }

  long position(long offset) {
    return inode << OFFSET_BITS | offset;
  }

  static long offset(long position) {
    return position & OFFSET_MASK;
  }

  static long inode(long position) {
    return position >>> OFFSET_BITS;
  }

  /** As {@link FileChannel#read(ByteBuffer, long)}; of a compressed file best from front to end. */
  int read(ByteBuffer buffer, long offset) throws IOException {
    if (!isCompressed()) {
      return file.read(buffer, offset);
    }
    Unpacking in = unpacking;
    if (in == null || offset < unpacked) {
      if (in != null) {
        in.close();
      }
      in = new Unpacking(Channels.newInputStream(file.position(0)));
      unpacking = in;
      unpacked = 0;
    }
    if (offset > unpacked) {
      in.skipNBytes(offset - unpacked);
      unpacked = offset;
    }
    int count =
        in.read(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
    if (count > 0) {
      buffer.position(buffer.position() + count);
      unpacked += count;
    }
    return count;
  }

  @Override
  public void close() throws IOException {
    if (unpacking != null) {
      unpacking.close();
    }
    file.close();
  }
}
