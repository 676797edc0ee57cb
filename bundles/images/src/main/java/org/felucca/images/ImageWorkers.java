package org.felucca.images;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;

/**
 * The few platform threads on which archives are read and written: unpacking and files would hold
 * the carriers of the callers' virtual threads.
 */
final class ImageWorkers {
  private static final Logger LOG = Logger.getLogger(ImageWorkers.class.getName());
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
    AtomicBoolean claimed = new AtomicBoolean();
    Future<T> future;
    try {
      future =
          threads.submit(
              () -> {
                if (!claimed.compareAndSet(false, true)) {
                  throw EngineException.cancelled("interrupted before it began");
                }
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
      boolean begun = !claimed.compareAndSet(false, true);
      future.cancel(true);
      if (begun) {
        awaitCleanUp(attempted, ended);
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

  private static void awaitCleanUp(String attempted, CountDownLatch ended) {
    try {
      if (!ended.await(CLEAN_UP_SECONDS, TimeUnit.SECONDS)) {
        LOG.log(Level.WARNING, "cancelled work goes on until its stream ends work=" + attempted);
      }
    } catch (InterruptedException again) {
      LOG.log(Level.FINE, "not waited for cancelled work work=" + attempted, again);
    }
  }

  void close() {
    threads.shutdownNow();
  }
}
