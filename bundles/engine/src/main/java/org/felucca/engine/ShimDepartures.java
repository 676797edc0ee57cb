package org.felucca.engine;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.shim.Shim;
import org.felucca.api.trace.Trace;

/** Shims that were told to end: nobody waits for them but who wants their id again. */
final class ShimDepartures {
  private static final Logger LOG = Logger.getLogger(ShimDepartures.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final Map<TaskKey, CompletableFuture<Void>> departing = new ConcurrentHashMap<>();
  private final TaskExits exits;
  private final Executor background;
  private volatile boolean closed;

  ShimDepartures(TaskExits exits, Executor background) {
    this.exits = exits;
    this.background = background;
  }

  /**
   * What is not done yet is left to the next engine, which finds the mark that the task was
   * deleted.
   */
  void close() {
    closed = true;
  }

  /** Lets a shim end; its id is free again when it has. */
  void begin(TaskKey key, Shim shim) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    departing.put(key, done);
    background.execute(
        Trace.later(
            () -> {
              try {
                try {
                  shim.shutdown();
                } catch (EngineException e) {
                  if (closed) {
                    return;
                  }
                  LOG.log(
                      Level.WARNING,
                      "shim did not end when asked, is ended by force container=" + key,
                      e);
                  destroy(key, shim);
                }
                exits.forget(key);
              } finally {
                departing.remove(key, done);
                done.complete(null);
                Trace.mark("shim ended");
              }
            }));
  }

  /** Ends a shim by force. */
  void destroy(TaskKey key, Shim shim) {
    try {
      shim.destroy();
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "clean-up of a failed shim left something behind container=" + key, e);
    }
  }

  /** Waits until the last shim of a container has ended; UNAVAILABLE if that takes too long. */
  void await(TaskKey key) {
    CompletableFuture<Void> last = departing.get(key);
    if (last == null) {
      return;
    }
    try {
      last.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait for the last shim of " + key);
    } catch (ExecutionException | TimeoutException e) {
      throw new EngineException(
          ErrorKind.UNAVAILABLE, "the last shim of container " + key + " has not ended yet", e);
    }
  }
}
