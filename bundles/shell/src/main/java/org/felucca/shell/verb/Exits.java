package org.felucca.shell.verb;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.task.Exit;

/** Waiting for the end of a process, over any number of replacements of the engine. */
final class Exits {
  private static final long PAUSE_MILLIS = 20;

  private Exits() {}

  /**
   * Waits.
   *
   * @param ask asks the engine; made again when the engine is being replaced
   */
  static Exit await(Supplier<CompletableFuture<Exit>> ask) throws InterruptedException {
    while (true) {
      try {
        return ask.get().get();
      } catch (ExecutionException e) {
        EngineException failure = unwrap(e);
        if (failure.kind() != ErrorKind.UNAVAILABLE) {
          throw failure;
        }
        Thread.sleep(PAUSE_MILLIS);
      }
    }
  }

  /** The failure of a future as the engine's exception. */
  static EngineException unwrap(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof ExecutionException || cause instanceof CompletionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof EngineException e
        ? e
        : EngineException.internal("wait for the end of the process: " + cause, cause);
  }
}
