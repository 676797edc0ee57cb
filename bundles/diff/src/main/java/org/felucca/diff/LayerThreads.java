package org.felucca.diff;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * The platform threads that layers are worked on in, and turns on them: as many layers at a time as
 * there are processors, two at least, with two threads each.
 */
final class LayerThreads {
  private static final int TURNS = Math.max(2, Runtime.getRuntime().availableProcessors());

  private final Semaphore turns = new Semaphore(TURNS, true);
  private final ArrayBlockingQueue<LayerStream> streams = new ArrayBlockingQueue<>(TURNS);
  private final Set<LayerStream> active = ConcurrentHashMap.newKeySet();
  private final ExecutorService pool =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE, // the turns are the bound; a thread may still be on its way back
          10,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().name("felucca-layer-", 1).daemon().factory());

  /** The right to work on one layer; its work has ended when it is closed. */
  final class Turn implements AutoCloseable {
    private final LayerStream stream;
    private final List<Future<?>> work = new ArrayList<>();
    private boolean well;

    private Turn(LayerStream stream) {
      this.stream = stream;
      active.add(stream);
    }

    LayerStream stream() {
      return stream;
    }

    /** Starts work; what one throws stops the others. */
    void run(Runnable... tasks) {
      for (Runnable task : tasks) {
        try {
          work.add(pool.submit(() -> guard(task)));
        } catch (RejectedExecutionException e) {
          stream.fail(ended(e));
        }
      }
    }

    private void guard(Runnable task) {
      try {
        task.run();
      } catch (LinuxException e) {
        stream.fail(Failures.of("unpack", e));
      } catch (RuntimeException e) {
        stream.fail(e);
      } catch (Error e) {
        stream.fail(EngineException.internal("unpack: " + e, e));
      }
    }

    /** Waits for all work, throws what stopped it. An interrupt stops it. */
    void await() {
      join();
      stream.check();
      well = true;
    }

    private void join() {
      boolean interrupted = Thread.interrupted();
      if (interrupted) {
        stream.fail(LayerStream.cancelled(null));
      }
      for (Future<?> future : work) {
        while (true) {
          try {
            future.get();
            break;
          } catch (InterruptedException e) {
            interrupted = true;
            stream.fail(LayerStream.cancelled(e));
          } catch (ExecutionException e) {
            stream.fail(EngineException.internal("unpack: " + e.getCause(), e.getCause()));
            break;
          }
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      active.remove(stream);
      if (!well) {
        stream.fail(EngineException.cancelled("the layer was given up"));
        join();
      } else {
        stream.reset();
        streams.offer(stream);
      }
      turns.release();
    }
  }

  /** Waits for a turn. */
  Turn turn() {
    acquire();
    LayerStream used = streams.poll();
    return new Turn(used != null ? used : new LayerStream());
  }

  private void acquire() {
    try {
      turns.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw LayerStream.cancelled(e);
    }
  }

  /**
   * Runs work in one of the threads and waits for its end. If the caller is interrupted the thread
   * is too.
   *
   * @param work is given what it runs often, and what throws when it is to give up
   */
  <T> T call(Function<Runnable, T> work) {
    acquire();
    try {
      CompletableFuture<T> result = new CompletableFuture<>();
      AtomicBoolean stop = new AtomicBoolean();
      AtomicReference<Thread> worker = new AtomicReference<>();
      pool.execute(
          () -> {
            worker.set(Thread.currentThread());
            try {
              result.complete(work.apply(() -> stopIf(stop)));
            } catch (Throwable e) {
              result.completeExceptionally(e);
            } finally {
              worker.set(null);
            }
          });
      return await(result, stop, worker);
    } catch (RejectedExecutionException e) {
      throw ended(e);
    } finally {
      turns.release();
    }
  }

  private static void stopIf(AtomicBoolean stop) {
    if (stop.get() || Thread.currentThread().isInterrupted()) {
      throw LayerStream.cancelled(null);
    }
  }

  private static <T> T await(
      CompletableFuture<T> result, AtomicBoolean stop, AtomicReference<Thread> worker) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return result.get();
        } catch (InterruptedException e) {
          interrupted = true;
          stop.set(true);
          Thread thread = worker.get();
          if (thread != null) {
            thread.interrupt();
          }
        } catch (ExecutionException e) {
          throw interrupted ? LayerStream.cancelled(e.getCause()) : failure(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException failure(@Nullable Throwable cause) {
    return switch (cause) {
      case EngineException e -> e;
      case LinuxException e -> Failures.of("compare file systems", e);
      case null, default -> EngineException.internal("compare file systems: " + cause, cause);
    };
  }

  private static EngineException ended(RejectedExecutionException e) {
    return new EngineException(
        ErrorKind.UNAVAILABLE, "layers are no longer worked on here; try again", e);
  }

  /** Ends the threads, and what they do with UNAVAILABLE. */
  void close() {
    pool.shutdownNow();
    for (LayerStream stream : active) {
      stream.fail(EngineException.unavailable("layers are no longer worked on here; try again"));
    }
    try {
      pool.awaitTermination(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
