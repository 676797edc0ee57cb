package org.felucca.metadata;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A thread that deletes files whose record is gone, so that who took the record away need not wait.
 * A crash loses nothing: the sweep finds what is left. When it is far behind, the callers do their
 * deletions themselves.
 */
final class Deletions {

  private static final int WAITING = 64;
  private static final long LOOK_MILLIS = 1000;

  private final ThreadPoolExecutor thread;

  /** How many the thread was asked for and how many it has done, one after the other. */
  private long asked;

  private long done;

  Deletions() {
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("metadata-delete-", 0).factory());
    thread.allowCoreThreadTimeOut(true);
  }

  /** Has something deleted soon. */
  void later(Runnable deletion) {
    if (!isQueued(deletion)) {
      deletion.run();
    }
  }

  private synchronized boolean isQueued(Runnable deletion) {
    if (asked - done > WAITING) {
      return false;
    }
    try {
      thread.execute(
          () -> {
            try {
              deletion.run();
            } finally {
              oneMore();
            }
          });
      asked++;
    } catch (RejectedExecutionException e) {
      // It has ended: that is left to the sweep.
    }
    return true;
  }

  private synchronized void oneMore() {
    done++;
    notifyAll();
  }

  /** Waits until what was asked for until now is deleted, or this has ended. */
  synchronized void await() throws InterruptedException {
    long all = asked;
    while (done < all && !thread.isTerminated()) {
      wait(LOOK_MILLIS);
    }
  }

  /** Ends the thread; what waits is left to the sweep. */
  void stop() {
    thread.shutdownNow();
    try {
      thread.awaitTermination(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
