package org.felucca.shim;

import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.Errno;
import org.felucca.linux.LinuxException;

/**
 * The few platform threads on which files are touched and processes are started: what holds a
 * thread in the kernel must not hold a carrier of virtual threads.
 */
final class DiskThreads implements AutoCloseable {
  private static final int THREADS = 4;

  private final ThreadPoolExecutor pool =
      new ThreadPoolExecutor(
          THREADS,
          THREADS,
          10,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          Thread.ofPlatform().daemon().name("felucca-shim-disk-", 1).factory());

  DiskThreads() {
    pool.allowCoreThreadTimeOut(true);
  }

  /** Work that may fail. */
  @FunctionalInterface
  interface Work {
    void run() throws Exception;
  }

  /** As {@link #call}, for work without a result. */
  void run(String what, Work work) {
    call(
        what,
        () -> {
          work.run();
          return true;
        });
  }

  /**
   * Does short work and waits for it, also when interrupted meanwhile: half-done work would be
   * worse. The interrupt is kept.
   *
   * @param what what is tried, for the message
   * @throws EngineException as thrown by the work; INTERNAL for any other failure
   */
  <T> T call(String what, Callable<T> work) {
    Future<T> result;
    try {
      result = pool.submit(work);
    } catch (RejectedExecutionException e) {
      throw EngineException.unavailable(what + ": this part of the engine is being replaced");
    }
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return result.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
      if (cause instanceof EngineException failure) {
        throw failure;
      }
      if (cause instanceof LinuxException failure) {
        throw new EngineException(
            full(failure) ? ErrorKind.RESOURCE_EXHAUSTED : ErrorKind.INTERNAL,
            what + ": " + failure.getMessage(),
            failure);
      }
      if (String.valueOf(cause.getMessage())
          .toLowerCase(Locale.ROOT)
          .contains(Errno.ENOSPC.text())) {
        throw new EngineException(
            ErrorKind.RESOURCE_EXHAUSTED, what + ": " + cause.getMessage(), cause);
      }
      throw EngineException.internal(what + ": " + cause, cause);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static boolean full(LinuxException failure) {
    return failure.is(Errno.ENOSPC) || failure.is(Errno.EDQUOT) || failure.is(Errno.EMFILE);
  }

  /** Waits for what is being done, and takes no more. */
  @Override
  public void close() {
    pool.close();
  }
}
