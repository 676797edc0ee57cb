package org.felucca.registry;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer while it comes. Unlike the JDK's, it gives up when nothing has come for a
 * while, and at once when its reader is interrupted.
 */
final class BodyStream extends InputStream implements HttpResponse.BodySubscriber<BodyStream> {
  /** So many pieces, of 16 KiB mostly, come ahead of the reader. */
  private static final int AHEAD = 16;

  private final Duration silence;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<List<ByteBuffer>> arrived = new ArrayDeque<>();
  private Deque<ByteBuffer> current = new ArrayDeque<>();
  private Flow.@Nullable Subscription subscription;
  private @Nullable Throwable failure;
  private boolean complete;
  private boolean closed;

  BodyStream(Duration silence) {
    this.silence = silence;
  }

  @Override
  public CompletionStage<BodyStream> getBody() {
    return CompletableFuture.completedStage(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription source) {
    boolean unwanted;
    lock.lock();
    try {
      unwanted = closed || subscription != null;
      if (!unwanted) {
        subscription = source;
      }
    } finally {
      lock.unlock();
    }
    if (unwanted) {
      source.cancel();
    } else {
      source.request(AHEAD);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> pieces) {
    lock.lock();
    try {
      if (!closed) {
        arrived.addLast(pieces);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onError(Throwable cause) {
    lock.lock();
    try {
      failure = cause;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onComplete() {
    lock.lock();
    try {
      complete = true;
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
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (current.isEmpty()) {
      List<ByteBuffer> next = next();
      if (next == null) {
        return -1;
      }
      for (ByteBuffer piece : next) {
        if (piece.hasRemaining()) {
          current.addLast(piece);
        }
      }
    }
    int done = 0;
    while (done < length && !current.isEmpty()) {
      ByteBuffer piece = current.getFirst();
      int count = Math.min(length - done, piece.remaining());
      piece.get(into, offset + done, count);
      done += count;
      if (!piece.hasRemaining()) {
        current.removeFirst();
      }
    }
    return done;
  }

  private @Nullable List<ByteBuffer> next() throws IOException {
    List<ByteBuffer> next;
    Flow.Subscription source;
    lock.lock();
    try {
      long left = silence.toNanos();
      while (arrived.isEmpty() && !complete && failure == null && !closed) {
        if (left <= 0) {
          throw new IOException("nothing came for " + silence.toSeconds() + " seconds");
        }
        left = changed.awaitNanos(left);
      }
      if (closed) {
        throw new IOException("closed");
      }
      next = arrived.pollFirst();
      if (next == null && failure != null) {
        throw new IOException(String.valueOf(failure.getMessage()), failure);
      }
      source = subscription;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("interrupted");
      interrupted.initCause(e);
      throw interrupted;
    } finally {
      lock.unlock();
    }
    if (next != null && source != null) {
      source.request(1);
    }
    return next;
  }

  @Override
  public int available() {
    int count = 0;
    for (ByteBuffer piece : current) {
      count += piece.remaining();
    }
    lock.lock();
    try {
      return arrived.isEmpty() ? count : Math.max(1, count);
    } finally {
      lock.unlock();
    }
  }

  /** Breaks the exchange off if it is not at its end. */
  @Override
  public void close() {
    Flow.Subscription source = null;
    lock.lock();
    try {
      if (!closed && !complete && failure == null) {
        source = subscription;
      }
      closed = true;
      arrived.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    current = new ArrayDeque<>();
    if (source != null) {
      source.cancel();
    }
  }

  /**
   * All of it, if it is short.
   *
   * @return the bytes, or null if there are more than the limit
   */
  byte @Nullable [] all(int limit, long deadlineNanos) throws IOException {
    java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
    byte[] buffer = new byte[8192];
    int count;
    while ((count = read(buffer, 0, buffer.length)) >= 0) {
      if (out.size() + count > limit) {
        return null;
      }
      if (System.nanoTime() - deadlineNanos > 0) {
        throw new IOException("the answer did not end in time");
      }
      out.write(buffer, 0, count);
    }
    return out.toByteArray();
  }

  static long deadline(int seconds) {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }
}
