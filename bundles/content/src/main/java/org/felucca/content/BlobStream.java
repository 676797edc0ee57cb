package org.felucca.content;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.Future;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * A stream over a blob that has the disk read the next piece while the last one is used. One thread
 * at a time.
 */
final class BlobStream extends InputStream {

  private static final int PIECE = 256 * 1024;

  private final String tried;
  private final FileBlobReader reader;
  private final DiskThreads threads;
  private long offset;
  private ByteBuffer piece = ByteBuffer.allocate(0);
  private @Nullable ByteBuffer spare;
  private @Nullable Future<ByteBuffer> ahead;
  private boolean closed;

  BlobStream(String tried, FileBlobReader reader, DiskThreads threads, long offset) {
    this.tried = tried;
    this.reader = reader;
    this.threads = threads;
    this.offset = offset;
  }

  /** Has at least one byte in the piece, or answers false at the end. */
  private boolean fill() throws IOException {
    if (closed) {
      throw new IOException(tried + ": the stream was closed already");
    }
    if (piece.hasRemaining()) {
      return true;
    }
    if (offset >= reader.size() && ahead == null) {
      return false;
    }
    if (Thread.currentThread().isInterrupted()) {
      throw EngineException.cancelled(tried + " was cancelled");
    }
    Future<ByteBuffer> next = ahead == null ? start() : ahead;
    ahead = null;
    ByteBuffer used = piece;
    piece = threads.await(tried, next);
    if (!piece.hasRemaining()) {
      throw new IOException(tried + ": the file is shorter than it was");
    }
    spare = used;
    if (offset < reader.size()) {
      ahead = start();
    }
    return true;
  }

  private Future<ByteBuffer> start() {
    long from = offset;
    int length = (int) Math.min(PIECE, reader.size() - from);
    offset += length;
    ByteBuffer last = spare;
    spare = null;
    return threads.submit(
        tried,
        () -> {
          ByteBuffer into =
              last != null && last.capacity() >= length
                  ? last.clear().limit(length)
                  : ByteBuffer.allocate(length);
          while (into.hasRemaining() && reader.readNow(into, from + into.position()) >= 0) {}
          return into.flip();
        });
  }

  @Override
  public int read() throws IOException {
    return fill() ? piece.get() & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int start, int length) throws IOException {
    Objects.checkFromIndexSize(start, length, into.length);
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, piece.remaining());
    piece.get(into, start, count);
    return count;
  }

  @Override
  public long skip(long count) throws IOException {
    if (count <= 0 || !fill()) {
      return 0;
    }
    int step = (int) Math.min(count, piece.remaining());
    piece.position(piece.position() + step);
    return step;
  }

  @Override
  public int available() {
    return closed ? 0 : piece.remaining();
  }

  /** Leaves the reader open. A read ahead that is under way ends by itself. */
  @Override
  public void close() {
    closed = true;
    ahead = null;
    spare = null;
  }
}
