package org.felucca.images;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.felucca.api.EngineException;

/**
 * The few platform threads on which archives are read and written: unpacking and files would hold
 * the carriers of the callers' virtual threads.
 */
final class ImageWorkers {
  private static final int THREADS = 4;
  private static final long CLEAN_UP_SECONDS = 10;

  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS, Thread.ofPlatform().daemon().name("images-", 0).factory());

  /**
   * Runs work and waits for it; an interruption of the caller interrupts the work, which gets some
   * seconds to clean up.
   *
   * @param attempted what it is for messages
   */
  <T> T run(String attempted, Callable<T> work) {
    CountDownLatch ended = new CountDownLatch(1);
    Future<T> future;
    try {
      future =
          threads.submit(
              () -> {
                try {
                  return work.call();
                } finally {
                  ended.countDown();
                }
              });
    } catch (RejectedExecutionException e) {
      throw EngineException.unavailable(attempted + ": images are being replaced; try again");
    }
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(true);
      try {
        if (!ended.await(CLEAN_UP_SECONDS, TimeUnit.SECONDS)) {
          future.cancel(true);
        }
      } catch (InterruptedException again) {
        future.cancel(true);
      }
      Thread.currentThread().interrupt();
      throw EngineException.cancelled(attempted + ": interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof EngineException known) {
        throw known.during(attempted);
      }
      throw EngineException.internal(attempted + ": " + e.getCause(), e.getCause());
    }
  }

  void close() {
    threads.shutdownNow();
  }
}
