package org.felucca.engine;

import java.time.Duration;
import java.time.Instant;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskStatus;

/**
 * Containers that remove themselves when they have ended. Their end is told before they are gone,
 * so whoever needs what they still hold, a name or a volume, waits for that.
 *
 * @param containers their records
 * @param tasks what runs in them
 */
record SelfRemovals(ContainerStore containers, TaskService tasks) {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long PAUSE_MILLIS = 3;

  /** Waits until a container is gone, if it has ended and removes itself. */
  void await(Scope scope, ContainerId id) {
    Instant deadline = Instant.now().plus(PATIENCE);
    while (isGoing(scope, id) && Instant.now().isBefore(deadline)) {
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw EngineException.cancelled("wait until container " + id.shortForm() + " is removed");
      }
    }
  }

  private boolean isGoing(Scope scope, ContainerId id) {
    try {
      ContainerRecord container = containers.get(scope, id);
      ManagedOptions options = ManagedOptions.of(container);
      if (options == null || !options.life().autoRemove() || ManagedState.of(container) == null) {
        return false; // it stays, or was not started yet
      }
    } catch (EngineException e) {
      return ifFound(e);
    }
    try {
      return tasks.get(scope, id, "").status() == TaskStatus.STOPPED;
    } catch (EngineException e) {
      return !ifFound(e);
    }
  }

  /** False for what is not there. */
  private static boolean ifFound(EngineException e) {
    if (e.kind() != ErrorKind.NOT_FOUND) {
      throw e;
    }
    return false;
  }
}
