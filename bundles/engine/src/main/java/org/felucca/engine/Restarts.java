package org.felucca.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.RestartPolicy;
import org.jspecify.annotations.Nullable;

/**
 * Starts containers again by their restart policies, each after a pause that doubles while it ends
 * within ten seconds. All that it needs to know stands in the record, so the next engine goes on
 * where this one ends.
 */
final class Restarts {
  private static final Logger LOG = Logger.getLogger(Restarts.class.getName());

  private final ContainerLifecycle lifecycle;
  private final EngineRun run;
  private final Executor background;
  private final BooleanSupplier closing;

  Restarts(
      ContainerLifecycle lifecycle, EngineRun run, Executor background, BooleanSupplier closing) {
    this.lifecycle = lifecycle;
    this.run = run;
    this.background = background;
    this.closing = closing;
  }

  /** Has an ended container started when its time has come, if its policy wants that. */
  void schedule(Scope scope, ContainerRecord container) {
    ManagedState state = ManagedState.of(container);
    if (state == null || closing.getAsBoolean()) {
      return;
    }
    ManagedOptions options = ContainerLifecycle.options(container);
    Instant exitedAt = state.exitedAt();
    Instant at = state.restartAt();
    if (stoppedBefore(state, options.life().restart())) {
      background.execute(() -> startAnew(scope, container.id()));
    } else if (exitedAt != null && at != null && options.restarts(state)) {
      background.execute(() -> startAgain(scope, container.id(), exitedAt, at));
    }
  }

  private void startAgain(Scope scope, ContainerId id, Instant exitedAt, Instant at) {
    try {
      Duration pause = Duration.between(Instant.now(), at);
      if (pause.isPositive()) {
        Thread.sleep(pause);
      }
      boolean started = lifecycle.startAgain(scope, id, exitedAt);
      LOG.log(Level.FINE, "restart policy container={0} started={1}", new Object[] {id, started});
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the next engine goes on
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND && !closing.getAsBoolean()) {
        LOG.log(
            Level.WARNING, "restart is left to the next start of the engine container=" + id, e);
      }
    }
  }

  private void startAnew(Scope scope, ContainerId id) {
    try {
      int pid = lifecycle.start(scope, id);
      LOG.log(
          Level.INFO,
          "started with the engine by its policy container={0} pid={1}",
          new Object[] {id, pid});
    } catch (EngineException e) {
      if (!closing.getAsBoolean()) {
        LOG.log(Level.WARNING, "not started with the engine container=" + id, e);
      }
    }
  }

  /**
   * Whether somebody stopped it before this process was started, which a policy of "always" makes
   * nothing of. An engine that was only replaced within its process is not a new start.
   */
  private boolean stoppedBefore(ManagedState state, RestartPolicy policy) {
    @Nullable Instant exitedAt = state.exitedAt();
    return state.stopped()
        && exitedAt != null
        && exitedAt.isBefore(run.start())
        && policy.kind() == RestartPolicy.Kind.ALWAYS;
  }
}
