package org.felucca.shell.wire;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes frames from any thread. A thread of its own ({@link #run}) does the writing: interrupting
 * a thread that writes to a channel closes the channel, and the threads that send here are
 * interrupted to cancel what they do, not the connection.
 */
public final class FrameWriter implements Runnable {
  private static final int HEADER = 5;

  /** How much may wait to be written before a sender waits. */
  private static final int BACKLOG = 256 << 10;

  private final WritableByteChannel channel;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<ByteBuffer> waiting = new ArrayDeque<>();
  private int backlog;
  private boolean writing;
  private boolean closed;
  private @Nullable IOException failure;

  /** Writes to a channel that stays the caller's. */
  public FrameWriter(WritableByteChannel channel) {
    this.channel = channel;
  }

  /**
   * Sends a frame; waits while too much is unwritten.
   *
   * @throws InterruptedIOException if interrupted meanwhile; nothing was sent then
   * @throws IOException if the connection is gone
   */
  public void send(int type, ByteBuffer payload) throws IOException {
    ByteBuffer frame =
        ByteBuffer.allocate(HEADER + payload.remaining())
            .putInt(payload.remaining())
            .put((byte) type)
            .put(payload)
            .flip();
    lock.lock();
    try {
      while (backlog >= BACKLOG && failure == null && !closed) {
        changed.await();
      }
      check();
      waiting.add(frame);
      backlog += frame.remaining();
      changed.signalAll();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the client is slow to read");
    } finally {
      lock.unlock();
    }
  }

  /** Waits until all that was sent is written, and ends {@link #run}. */
  public void finish() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      while (failure == null && (writing || !waiting.isEmpty())) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends everything at once, for a connection that is lost or given up. */
  public void abort(String why) {
    lock.lock();
    try {
      fail(new IOException(why));
    } finally {
      lock.unlock();
    }
  }

  /** Writes until finished or failed. */
  @Override
  public void run() {
    while (true) {
      ByteBuffer frame = take();
      if (frame == null) {
        return;
      }
      try {
        while (frame.hasRemaining()) {
          channel.write(frame);
        }
      } catch (IOException e) {
        lock.lock();
        try {
          fail(e);
        } finally {
          lock.unlock();
        }
        return;
      }
    }
  }

  private @Nullable ByteBuffer take() {
    lock.lock();
    try {
      writing = false;
      changed.signalAll();
      while (waiting.isEmpty() && !closed && failure == null) {
        changed.awaitUninterruptibly();
      }
      ByteBuffer frame = failure == null ? waiting.poll() : null;
      if (frame != null) {
        backlog -= frame.remaining();
        writing = true;
      }
      return frame;
    } finally {
      lock.unlock();
    }
  }

  private void fail(IOException e) {
    if (failure == null) {
      failure = e;
    }
    waiting.clear();
    backlog = 0;
    changed.signalAll();
  }

  private void check() throws IOException {
    if (failure != null) {
      throw new IOException("the client is gone: " + failure.getMessage(), failure);
    }
    if (closed) {
      throw new IOException("the session has ended");
    }
  }
}
