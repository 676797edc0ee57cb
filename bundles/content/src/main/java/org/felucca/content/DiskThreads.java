package org.felucca.content;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.felucca.api.EngineException;

/**
 * The few platform threads that touch the disk. A virtual thread that waits for a disk holds its
 * carrier, and a file channel closes itself when the thread that uses it is interrupted; so callers
 * hand their file work over and wait here.
 */
final class DiskThreads implements AutoCloseable {

  /** File work. */
  @FunctionalInterface
  interface Work<T> {
    T run() throws IOException;
  }

  /** File work that answers nothing. */
  @FunctionalInterface
  interface Deed {
    void run() throws IOException;
  }

  private final ExecutorService pool;

  DiskThreads(int threads) {
    pool =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("content-disk-", 0).factory());
  }

  /**
   * Does file work and waits for its end, which an interruption does not cut short: the interrupt
   * stays pending and cancels the next call.
   *
   * @param tried what is being done, for the message of a failure
   * @throws EngineException CANCELLED if the caller is interrupted already, UNAVAILABLE if the
   *     store is closed, or what the disk said
   */
  <T> T call(String tried, Work<T> work) {
    if (Thread.currentThread().isInterrupted()) {
      throw EngineException.cancelled(tried + " was cancelled");
    }
    return await(tried, submit(tried, work));
  }

  /** As {@link #call}. */
  void run(String tried, Deed deed) {
    call(tried, () -> done(deed));
  }

  /** A deed as work. */
  static Boolean done(Deed deed) throws IOException {
    deed.run();
    return true;
  }

  /** Starts file work; what comes of it must be awaited. */
  <T> Future<T> submit(String tried, Work<T> work) {
    try {
      return pool.submit(work::run);
    } catch (RejectedExecutionException e) {
      throw closed(tried);
    }
  }

  /** Waits for work that was started. */
  <T> T await(String tried, Future<T> future) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case EngineException engine -> throw engine;
        case IOException io -> throw DiskFailure.of(tried, io);
        case null, default -> throw EngineException.internal(tried + " failed: " + e.getCause(), e);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  static EngineException closed(String tried) {
    return EngineException.unavailable(
        tried + " failed: the content store is being replaced; try again");
  }

  /** Lets what was started end, and then the threads. */
  @Override
  public void close() {
    pool.shutdown();
    try {
      if (!pool.awaitTermination(10, TimeUnit.SECONDS)) {
        pool.shutdownNow();
      }
    } catch (InterruptedException e) {
      pool.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
