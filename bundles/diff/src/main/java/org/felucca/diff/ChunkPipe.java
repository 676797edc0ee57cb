package org.felucca.diff;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A few buffers that go round between one thread that fills them and one that empties them. A
 * failure of any side is thrown on both, in whatever they do next.
 */
final class ChunkPipe implements Pieces {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<ByteBuffer> empty = new ArrayDeque<>();
  private final Deque<ByteBuffer> full = new ArrayDeque<>();
  private @Nullable ByteBuffer taken;
  private boolean ended;
  private @Nullable RuntimeException failure;

  ChunkPipe(int count, int size) {
    for (int i = 0; i < count; i++) {
      empty.add(ByteBuffer.allocateDirect(size));
    }
  }

  /** Makes it as new; nobody may be using it. */
  void reset() {
    lock.lock();
    try {
      empty.addAll(full);
      full.clear();
      if (taken != null) {
        empty.add(taken);
      }
      taken = null;
      ended = false;
      failure = null;
    } finally {
      lock.unlock();
    }
  }

  /** An empty buffer to fill; waits for one. */
  ByteBuffer borrow() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (empty.isEmpty() && failure == null) {
        changed.await();
      }
      throwFailure();
      return empty.removeFirst().clear();
    } finally {
      lock.unlock();
    }
  }

  /** Hands a filled buffer over, ready to be read. */
  void give(ByteBuffer chunk) {
    lock.lock();
    try {
      (chunk.hasRemaining() ? full : empty).addLast(chunk);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more comes. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends both sides; the first failure counts. */
  void fail(RuntimeException cause) {
    lock.lock();
    try {
      if (failure == null) {
        failure = cause;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Throws the failure if there is one. */
  void check() {
    lock.lock();
    try {
      throwFailure();
    } finally {
      lock.unlock();
    }
  }

  private void throwFailure() {
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public @Nullable ByteBuffer next() {
    lock.lock();
    try {
      if (taken != null) {
        empty.addLast(taken);
        taken = null;
        changed.signalAll();
      }
      while (full.isEmpty() && !ended && failure == null) {
        changed.awaitUninterruptibly();
      }
      throwFailure();
      taken = full.pollFirst();
      return taken;
    } finally {
      lock.unlock();
    }
  }
}
