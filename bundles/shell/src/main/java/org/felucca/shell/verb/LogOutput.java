package org.felucca.shell.verb;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;
import org.felucca.api.EngineException;
import org.felucca.api.container.LogSink;
import org.felucca.shell.session.Call;

/**
 * Lines of a log on their way to the client. They are sent in large pieces while many come, and at
 * the latest after a moment; behind each piece the client is told where to go on after a lost
 * connection.
 */
final class LogOutput implements LogSink, AutoCloseable {
  private static final int PIECE = 48 << 10;
  private static final long MOMENT_MILLIS = 20;

  private final Call call;
  private final boolean timestamps;
  private final LongFunction<List<String>> resumption;
  private final Thread flusher;

  private final ReentrantLock lock = new ReentrantLock();
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
  private boolean pendingStderr;
  private long position;
  private boolean fresh = true;
  private boolean broken;
  private boolean closed;

  /**
   * @param resumption the arguments with which a client goes on from a position
   */
  LogOutput(Call call, boolean timestamps, long from, LongFunction<List<String>> resumption) {
    this.call = call;
    this.timestamps = timestamps;
    this.position = from;
    this.fresh = from == 0;
    this.resumption = resumption;
    this.flusher = Thread.ofVirtual().name("felucca-log-flush").start(this::flushNowAndThen);
  }

  @Override
  public void line(Instant at, boolean stderr, byte[] text, long next) {
    lock.lock();
    try {
      if (broken) {
        throw EngineException.cancelled("the reader of the log has gone");
      }
      if (pending.size() >= PIECE || (pending.size() > 0 && pendingStderr != stderr)) {
        flush();
      }
      pendingStderr = stderr;
      if (timestamps) {
        pending.writeBytes((at + " ").getBytes(StandardCharsets.US_ASCII));
      }
      pending.writeBytes(text);
      position = next;
      fresh = false;
    } finally {
      lock.unlock();
    }
  }

  /** Where to go on. */
  long position() {
    lock.lock();
    try {
      return position;
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing was read yet. */
  boolean isFresh() {
    lock.lock();
    try {
      return fresh;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the client takes nothing any more. */
  boolean isBroken() {
    lock.lock();
    try {
      return broken || Thread.currentThread().isInterrupted();
    } finally {
      lock.unlock();
    }
  }

  /** Sends the rest. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      flush();
    } finally {
      lock.unlock();
    }
    flusher.interrupt();
  }

  private void flushNowAndThen() {
    try {
      while (true) {
        Thread.sleep(MOMENT_MILLIS);
        lock.lock();
        try {
          if (closed || broken) {
            return;
          }
          flush();
        } finally {
          lock.unlock();
        }
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  private void flush() {
    if (pending.size() == 0) {
      return;
    }
    PrintStream to = pendingStderr ? call.err() : call.out();
    to.write(pending.toByteArray(), 0, pending.size());
    to.flush();
    pending.reset();
    try {
      call.resume(resumption.apply(position));
    } catch (IOException e) {
      broken = true;
    }
    broken |= to.checkError();
  }
}
