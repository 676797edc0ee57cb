package org.felucca.shell.session;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.shell.wire.MalformedException;
import org.jspecify.annotations.Nullable;

/**
 * Standard input of the client. Nothing is asked for before somebody reads, so that a command that
 * reads nothing leaves the client's input to the next one.
 */
final class StdinStream extends InputStream {
  /** How much the client may send ahead. */
  private static final int WINDOW = 256 << 10;

  /** Gives the client leave to send more. */
  @FunctionalInterface
  interface Credit {
    void grant(int bytes) throws IOException;
  }

  private final Credit credit;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<ByteBuffer> arrived = new ArrayDeque<>();

  /** What the client may still send. */
  private int granted;

  /** What was read since the last credit. */
  private int taken;

  private boolean started;
  private boolean ended;
  private @Nullable String lost;

  StdinStream(Credit credit) {
    this.credit = credit;
  }

  /** Takes a STDIN frame. */
  void arrived(ByteBuffer bytes) throws MalformedException {
    lock.lock();
    try {
      if (bytes.remaining() > granted) {
        throw new MalformedException("more standard input than was asked for");
      }
      granted -= bytes.remaining();
      if (bytes.hasRemaining()) {
        arrived.add(bytes);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes STDIN_EOF. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more will come: those who read fail. */
  void lose(String why) {
    lock.lock();
    try {
      lost = why;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    ask();
    lock.lock();
    try {
      while (arrived.isEmpty() && !ended && lost == null) {
        changed.await();
      }
      ByteBuffer first = arrived.peek();
      if (first == null) {
        if (!ended) {
          throw new IOException("standard input is lost: " + lost);
        }
        return -1;
      }
      int count = Math.min(length, first.remaining());
      first.get(target, offset, count);
      if (!first.hasRemaining()) {
        arrived.remove();
      }
      taken += count;
      return count;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for standard input");
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int available() {
    lock.lock();
    try {
      return arrived.stream().mapToInt(ByteBuffer::remaining).sum();
    } finally {
      lock.unlock();
    }
  }

  private void ask() throws IOException {
    int more;
    lock.lock();
    try {
      more = !started ? WINDOW : taken >= WINDOW / 2 ? taken : 0;
      started = true;
      if (more > 0) {
        taken = 0;
        granted += more;
      }
    } finally {
      lock.unlock();
    }
    if (more > 0) {
      credit.grant(more);
    }
  }
}
