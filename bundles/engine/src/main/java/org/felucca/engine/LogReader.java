package org.felucca.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.ExecutorService;
import java.util.function.BooleanSupplier;
import org.felucca.api.EngineException;
import org.felucca.api.container.LogQuery;
import org.felucca.api.container.LogSink;
import org.jspecify.annotations.Nullable;

/**
 * Reads what felucca-logger stored, over the files that it was rotated into: all of it, from a
 * position on, or the last records, which are looked for from the end. A follower goes on as the
 * log does.
 */
final class LogReader {
  private static final int BUFFER = 256 << 10;
  private static final long PAUSE_MILLIS = 25;

  private final Path current;
  private final LogFiles files;
  private final LogSink sink;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);

  /** The file that is being read. */
  private @Nullable LogPart part;

  private long offset;

  /**
   * @param current the file that is written
   * @param disk threads that may wait for the disk
   * @param sink gets the text
   */
  LogReader(Path current, ExecutorService disk, LogSink sink) {
    this.current = current;
    this.files = new LogFiles(current, disk);
    this.sink = sink;
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
    LogRecords records = new LogRecords(query, sink);
    begin(query, records);
    while (true) {
      boolean last = !query.follow() || complete.getAsBoolean() || isOver(query.until());
      if (part == null) {
        become(files.newest());
      }
      if (part != null) {
        copy(part, records);
        LogPart next = records.isEnded() ? null : files.after(part);
        if (next != null) {
          // The logger ends a file before it begins the next, so one more look sees all of it.
          copy(part, records);
          become(next);
          continue;
        }
      }
      records.flush();
      if (last || records.isEnded()) {
        return;
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  /** A record may be stored a little after the time that it has. */
  private static boolean isOver(@Nullable Instant until) {
    return until != null && Instant.now().isAfter(until.plusSeconds(1));
  }

  /** Goes to where the wanted part begins. */
  private void begin(LogQuery query, LogRecords records) throws IOException, InterruptedException {
    if (query.from() != 0) {
      become(files.at(query.from()));
      offset = part == null ? 0 : LogPart.offset(query.from());
    }
    if (part == null) {
      become(query.tail() < 0 || isTimed(query) ? files.oldest() : files.newest());
    }
    if (part == null || query.tail() < 0) {
      return;
    }
    if (isTimed(query)) {
      // Only those within the time count: one reading counts them, the next passes over the first.
      LogPart first = part;
      long start = offset;
      part = null;
      try {
        records.count(true);
        for (LogPart at = first; at != null && !records.isEnded(); at = files.after(at)) {
          become(at.equals(first) ? null : at);
          offset = at.equals(first) ? start : 0;
          copy(at, records);
        }
      } finally {
        become(first);
      }
      offset = start;
      records.count(false);
      records.skip(Math.max(0, records.seen() - query.tail()));
    } else {
      tail(query.tail());
    }
  }

  private static boolean isTimed(LogQuery query) {
    return query.since() != null || query.until() != null;
  }

  private void become(@Nullable LogPart next) throws IOException {
    LogPart before = part;
    part = next;
    offset = 0;
    if (before != null) {
      before.close();
    }
  }

  /** Goes to where the last records begin, from the end of the newest file backwards. */
  private void tail(long count) throws IOException, InterruptedException {
    long missing = count;
    while (part != null) {
      long end = part.size();
      if (missing == 0) {
        offset = end;
        return;
      }
      missing = tail(part, end, missing);
      if (missing == 0) {
        return;
      }
      LogPart older = files.before(part);
      if (older == null) {
        offset = 0;
        return;
      }
      become(older);
    }
  }

  /**
   * Looks for the beginning of the last records of a file; returns how many more there are to be.
   */
  private long tail(LogPart file, long end, long count) throws IOException, InterruptedException {
    if (file.isCompressed()) {
      long records = countTo(file, end, Long.MAX_VALUE);
      offset = 0;
      if (records > count) {
        long skipped = countTo(file, end, records - count);
        assert skipped == records - count;
      }
      return Math.max(0, count - records);
    }
    byte[] bytes = buffer.array();
    long position = end;
    long seen = 0;
    while (position > 0) {
      int length = (int) Math.min(BUFFER, position);
      position -= length;
      buffer.clear().limit(length);
      files.read(file, buffer, position);
      for (int i = buffer.position() - 1; i >= 0; i--) {
        // The newline that ends the file begins no record.
        if (bytes[i] == '\n' && position + i != end - 1 && ++seen == count) {
          offset = position + i + 1;
          return 0;
        }
      }
    }
    offset = 0;
    return end == 0 ? count : count - seen - 1;
  }

  /**
   * Counts records from the beginning on, up to a number, and leaves the offset behind the last of
   * them.
   */
  private long countTo(LogPart file, long end, long most) throws IOException, InterruptedException {
    byte[] bytes = buffer.array();
    long seen = 0;
    for (long position = 0; position < end; ) {
      buffer.clear().limit((int) Math.min(BUFFER, end - position));
      int length = files.read(file, buffer, position);
      if (length <= 0) {
        return seen;
      }
      for (int i = 0; i < length; i++) {
        if (bytes[i] == '\n' && ++seen == most) {
          offset = position + i + 1;
          return seen;
        }
      }
      position += length;
    }
    return seen;
  }

  /** Hands on the whole records from the offset on. */
  private void copy(LogPart file, LogRecords records) throws IOException, InterruptedException {
    buffer.clear();
    byte[] bytes = buffer.array();
    while (!records.isEnded()) {
      int count = files.read(file, buffer, offset + buffer.position());
      int taken = records.take(bytes, buffer.position(), file, offset);
      offset += taken;
      int rest = buffer.position() - taken;
      System.arraycopy(bytes, taken, bytes, 0, rest);
      buffer.position(rest);
      if (count < 0) {
        return;
      }
      if (!buffer.hasRemaining()) {
        throw EngineException.internal(
            "log %s holds a line of more than %d bytes; it was not written by felucca-logger"
                .formatted(current, BUFFER),
            null);
      }
    }
  }
}
