package org.felucca.engine;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.felucca.api.EngineException;
import org.felucca.linux.LinuxException;

/** A few platform threads for files and mounts, which would hold the carriers of virtual ones. */
final class DiskThreads implements AutoCloseable {
  private static final long CLEAN_UP_SECONDS = 10;

  private final ExecutorService pool;

  DiskThreads(String name, int threads) {
    pool =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name(name + "-", 0).factory());
  }

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
          pool.submit(
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
      throw EngineException.unavailable(attempted + ": the engine is being replaced; try again");
    }
    try {
      return future.get();
    } catch (InterruptedException e) {
      boolean begun = !claimed.compareAndSet(false, true);
      future.cancel(true);
      if (begun) {
        awaitEnd(ended);
      }
      Thread.currentThread().interrupt();
      throw EngineException.cancelled(attempted + ": interrupted");
    } catch (ExecutionException e) {
      throw switch (e.getCause()) {
        case EngineException known -> known.during(attempted);
        case LinuxException failed ->
            EngineException.internal(attempted + ": " + failed.getMessage(), failed);
        case null, default -> EngineException.internal(attempted + ": " + e.getCause(), e);
      };
    }
  }

  private static void awaitEnd(CountDownLatch ended) {
    try {
      boolean _ = ended.await(CLEAN_UP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException again) {
      Thread.currentThread().interrupt(); // the work goes on until it notices
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
