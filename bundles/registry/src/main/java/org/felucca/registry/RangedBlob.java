package org.felucca.registry;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongFunction;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;

/**
 * A large blob of which several ranges come at once, in memory; they are read in their order. What
 * it holds is bounded by so many ranges.
 */
final class RangedBlob extends InputStream {
  /** The length of a range. */
  static final int RANGE = 4 << 20;

  private final int parallel;
  private final long end;
  private final LongFunction<BlobStream> ranges;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Deque<Future<byte[]>> coming = new ArrayDeque<>();
  private long asked;
  private byte[] current = new byte[0];
  private int position;

  /**
   * @param first the first range, open
   * @param from where it begins
   * @param end where the blob ends
   * @param parallel how many come at once
   * @param ranges makes the range that begins at an offset
   */
  RangedBlob(BlobStream first, long from, long end, int parallel, LongFunction<BlobStream> ranges) {
    this.parallel = parallel;
    this.end = end;
    this.ranges = ranges;
    this.asked = from;
    ask(first);
    askMore();
  }

  private void ask(BlobStream range) {
    int length = (int) Math.min(RANGE, end - asked);
    asked += length;
    coming.addLast(
        threads.submit(
            () -> {
              try (range) {
                byte[] bytes = range.readNBytes(length);
                if (bytes.length < length) {
                  throw new IOException("a range ended early");
                }
                return bytes;
              }
            }));
  }

  private void askMore() {
    while (asked < end && coming.size() < parallel) {
      ask(ranges.apply(asked));
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (position == current.length) {
      Future<byte[]> next = coming.pollFirst();
      if (next == null) {
        return -1;
      }
      current = await(next);
      position = 0;
      askMore();
    }
    int count = Math.min(length, current.length - position);
    System.arraycopy(current, position, into, offset, count);
    position += count;
    return count;
  }

  @Override
  public int available() {
    return current.length - position;
  }

  private byte[] await(Future<byte[]> range) throws IOException {
    try {
      return range.get();
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("fetch ranges of a blob: interrupted");
    } catch (ExecutionException e) {
      close();
      switch (e.getCause()) {
        case EngineException known -> throw known;
        case IOException broken -> throw broken;
        case null, default ->
            throw new EngineException(
                ErrorKind.INTERNAL, "fetch a range of a blob: " + e.getCause(), e.getCause());
      }
    }
  }

  /** Breaks off what is still coming. */
  @Override
  public void close() {
    threads.shutdownNow();
    coming.clear();
  }
}
