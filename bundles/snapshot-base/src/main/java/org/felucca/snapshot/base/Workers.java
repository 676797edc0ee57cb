package org.felucca.snapshot.base;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.felucca.api.EngineException;
import org.felucca.linux.LinuxException;

/**
 * A few platform threads for calls of the kernel that wait for the disk: a virtual thread would
 * hold its carrier in them.
 */
final class Workers {
  private static final int THREADS = 4;
  private static final long GRACE_MILLIS = 800;

  private final String name;
  private final ExecutorService pool;

  Workers(String name) {
    this.name = name;
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name(name + "-", 1).daemon().factory());
    executor.allowCoreThreadTimeOut(true);
    this.pool = executor;
  }

  /** Begins something that nobody waits for; nothing happens if the threads have ended. */
  void start(Runnable work) {
    try {
      pool.execute(work);
    } catch (RejectedExecutionException e) {
      // Whoever starts this bundle next does it.
    }
  }

  /**
   * Runs work and waits for it. If the caller is interrupted the worker is too, and is given a
   * moment to stop.
   *
   * @param attempted what is done, for messages
   * @throws EngineException what the work threw, LinuxException translated; CANCELLED on
   *     interruption
   */
  <T> T run(String attempted, Supplier<T> work) {
    Future<T> future;
    CompletableFuture<Void> ended = new CompletableFuture<>();
    try {
      future =
          pool.submit(
              () -> {
                try {
                  return work.get();
                } finally {
                  ended.complete(null);
                }
              });
    } catch (RejectedExecutionException e) {
      throw new EngineException(
          org.felucca.api.ErrorKind.UNAVAILABLE, attempted + ": " + name + " has ended", e);
    }
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(true);
      awaitBriefly(ended);
      Thread.currentThread().interrupt();
      throw EngineException.cancelled(attempted + ": the caller gave up");
    } catch (CancellationException e) {
      throw EngineException.cancelled(attempted + ": cancelled");
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case EngineException failure -> throw failure;
        case LinuxException failure -> throw Failures.of(attempted, failure);
        case Error failure -> throw failure;
        case null, default -> throw EngineException.internal(attempted + " failed", e.getCause());
      }
    }
  }

  private static void awaitBriefly(CompletableFuture<Void> ended) {
    try {
      ended.get(GRACE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      // It goes on without its caller: a sync of the file system can't be stopped.
    }
  }

  /** Ends the threads; work that runs is interrupted. */
  void close() {
    pool.shutdownNow();
    try {
      pool.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
