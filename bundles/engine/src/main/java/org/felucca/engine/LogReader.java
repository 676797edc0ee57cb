package org.felucca.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.felucca.api.EngineException;
import org.felucca.api.container.LogQuery;
import org.felucca.api.container.LogSink;
import org.jspecify.annotations.Nullable;

/**
 * Reads what felucca-logger stored: lines {@code time stream flag text} (docs/log-format.md), in a
 * file and perhaps in an older one with the suffix {@code .1}.
 *
 * <p>A position is an offset together with the lower bits of the inode number of its file, so that
 * reading goes on at the right place when the file was rotated meanwhile.
 */
final class LogReader {
  private static final int BUFFER = 256 << 10;
  private static final int OFFSET_BITS = 40;
  private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;
  private static final long INODE_MASK = (1L << (63 - OFFSET_BITS)) - 1;
  private static final long PAUSE_MILLIS = 25;

  private final Path current;
  private final Path older;
  private final ExecutorService disk;
  private final LogSink sink;

  /** The file that is being read. */
  private @Nullable Part part;

  /**
   * @param current the newer file
   * @param disk threads that may wait for the disk
   * @param sink gets the lines
   */
  LogReader(Path current, ExecutorService disk, LogSink sink) {
    this.current = current;
    this.older = current.resolveSibling(current.getFileName() + ".1");
    this.disk = disk;
    this.sink = sink;
  }

  /** An open file. */
  private record Part(FileChannel file, long inode) implements AutoCloseable {
    long position(long offset) {
      return inode << OFFSET_BITS | offset;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /**
   * Reads.
   *
   * @param complete whether nothing will be written any more; asked only when following
   */
  void read(LogQuery query, BooleanSupplier complete) {
    try {
      try {
        readOpened(query, complete);
      } finally {
        become(null);
      }
    } catch (IOException e) {
      throw EngineException.internal("read log " + current + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("read log " + current);
    }
  }

  private void readOpened(LogQuery query, BooleanSupplier complete)
      throws IOException, InterruptedException {
    long offset = 0;
    if (query.from() != 0) {
      become(at(query.from() >>> OFFSET_BITS));
      offset = part == null ? 0 : query.from() & OFFSET_MASK;
    }
    if (part == null) {
      become(first(query.tail() < 0));
    }
    if (part != null && query.tail() >= 0) {
      offset = tail(part, query.tail());
    }
    while (true) {
      boolean last = !query.follow() || complete.getAsBoolean();
      if (part == null) {
        become(open(current));
        offset = 0;
      }
      if (part != null) {
        offset = lines(part, offset, last);
        Part next = successor(part);
        if (next != null) {
          // The logger ends a file before it begins the next, so one more look sees all of it.
          lines(part, offset, true);
          become(next);
          offset = 0;
          continue;
        }
      }
      if (last) {
        return;
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  private void become(@Nullable Part next) throws IOException {
    Part before = part;
    part = next;
    if (before != null) {
      before.close();
    }
  }

  private @Nullable Part open(Path path) throws IOException, InterruptedException {
    return onDisk(
        () -> {
          try {
            while (true) {
              Object inode = Files.getAttribute(path, "unix:ino");
              FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
              if (inode.equals(Files.getAttribute(path, "unix:ino"))) {
                return new Part(file, ((Number) inode).longValue() & INODE_MASK);
              }
              file.close(); // rotated in between
            }
          } catch (NoSuchFileException e) {
            return null;
          }
        });
  }

  private @Nullable Part first(boolean all) throws IOException, InterruptedException {
    Part part = all ? open(older) : null;
    return part == null ? open(current) : part;
  }

  private @Nullable Part at(long inode) throws IOException, InterruptedException {
    for (Path path : new Path[] {current, older}) {
      Part part = open(path);
      if (part != null) {
        if (part.inode() == inode) {
          return part;
        }
        part.close();
      }
    }
    return null;
  }

  /** The current file, if it is another one than this. */
  private @Nullable Part successor(Part part) throws IOException, InterruptedException {
    Part now = open(current);
    if (now != null && now.inode() == part.inode()) {
      now.close();
      return null;
    }
    return now;
  }

  /** Where the last lines of a file begin. */
  private long tail(Part part, long count) throws IOException, InterruptedException {
    long end = part.file().size();
    if (count == 0) {
      return end;
    }
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    long position = end;
    long seen = 0;
    while (position > 0) {
      int length = (int) Math.min(BUFFER, position);
      position -= length;
      long from = position;
      buffer.clear().limit(length);
      onDisk(() -> part.file().read(buffer, from));
      for (int i = buffer.position() - 1; i >= 0; i--) {
        // The newline that ends the file begins no line.
        if (buffer.get(i) == '\n' && from + i != end - 1 && ++seen == count) {
          return from + i + 1;
        }
      }
    }
    return 0;
  }

  /** Hands on the whole lines from an offset on; returns the offset behind them. */
  private long lines(Part part, long start, boolean withTorn)
      throws IOException, InterruptedException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    long offset = start;
    while (true) {
      long from = offset + buffer.position();
      int count = onDisk(() -> part.file().read(buffer, from));
      byte[] bytes = buffer.array();
      int end = buffer.position();
      int begin = 0;
      for (int i = Math.max(0, end - Math.max(count, 0)); i < end; i++) {
        if (bytes[i] == '\n') {
          line(bytes, begin, i, part.position(offset + i + 1));
          begin = i + 1;
        }
      }
      offset += begin;
      System.arraycopy(bytes, begin, bytes, 0, end - begin);
      buffer.position(end - begin);
      if (count < 0) {
        return withTorn ? offset + buffer.position() : offset;
      }
      if (!buffer.hasRemaining()) {
        throw EngineException.internal(
            "log %s holds a line of more than %d bytes; it was not written by felucca-logger"
                .formatted(current, BUFFER),
            null);
      }
    }
  }

  private void line(byte[] bytes, int begin, int end, long position) {
    int first = space(bytes, begin, end);
    int second = space(bytes, first + 1, end);
    int third = space(bytes, second + 1, end);
    if (third >= end) {
      return; // torn by a full disk
    }
    Instant at;
    try {
      at = Instant.parse(new String(bytes, begin, first - begin, StandardCharsets.US_ASCII));
    } catch (DateTimeParseException e) {
      return;
    }
    boolean stderr = bytes[first + 4] == 'e'; // stdout, stderr
    boolean newline = bytes[second + 1] == 'F';
    byte[] text = Arrays.copyOfRange(bytes, third + 1, newline ? end + 1 : end);
    sink.line(at, stderr, text, position);
  }

  /** Where the next space is; the end if there is none. */
  private static int space(byte[] bytes, int begin, int end) {
    int i = begin;
    while (i < end && bytes[i] != ' ') {
      i++;
    }
    return i;
  }

  private <T> T onDisk(Callable<T> work) throws IOException, InterruptedException {
    Future<T> result = disk.submit(work);
    try {
      return result.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IOException(e.getCause());
    }
  }
}
