package org.felucca.metadata;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A thread that deletes files whose record is gone, so that who took the record away need not wait.
 * A crash loses nothing: the sweep finds what is left. When it is far behind, the callers do their
 * deletions themselves.
 */
final class Deletions {

  private static final int WAITING = 64;

  private final ThreadPoolExecutor thread;

  Deletions() {
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING),
            Thread.ofPlatform().daemon().name("metadata-delete-", 0).factory(),
            // Once it is ended this does nothing, which leaves the files to the sweep.
            new ThreadPoolExecutor.CallerRunsPolicy());
    thread.allowCoreThreadTimeOut(true);
  }

  /** Has something deleted soon. */
  void later(Runnable deletion) {
    thread.execute(deletion);
  }

  /** Waits until what was asked for until now is deleted, or this has ended. */
  void await() throws InterruptedException {
    CountDownLatch reached = new CountDownLatch(1);
    thread.execute(reached::countDown);
    while (!reached.await(1, TimeUnit.SECONDS) && !thread.isTerminated()) {}
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
