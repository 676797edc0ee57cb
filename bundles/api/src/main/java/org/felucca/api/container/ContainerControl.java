package org.felucca.api.container;

import java.time.Duration;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.task.TaskUsage;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What a container is told after it was made, beside starting, stopping and removing it ({@link
 * ContainerService}). Every method throws NOT_FOUND if there is no such container.
 */
@ProviderType
public interface ContainerControl {
  /**
   * Freezes a container; it stays so, also over a restart of the engine.
   *
   * @throws EngineException FAILED_PRECONDITION if it does not run, or is paused already
   */
  void pause(Scope scope, ContainerId id);

  /**
   * Lets a paused container go on.
   *
   * @throws EngineException FAILED_PRECONDITION if it is not paused
   */
  void unpause(Scope scope, ContainerId id);

  /**
   * Sends a signal to its first process. SIGKILL and its stop signal count as an order to end: its
   * restart policy rests until it is started again, and a paused container is let go on, for it to
   * see the signal.
   *
   * @throws EngineException FAILED_PRECONDITION if it does not run
   */
  void kill(Scope scope, ContainerId id, int signal);

  /**
   * Stops a container, if it runs, and starts it.
   *
   * @param signal another stop signal, or null for its own
   * @param grace how long it may take before it is killed, or null for its own time
   * @return the process id
   */
  int restart(Scope scope, ContainerId id, @Nullable Integer signal, @Nullable Duration grace);

  /**
   * Gives it another name.
   *
   * @throws EngineException ALREADY_EXISTS; INVALID_ARGUMENT for a name of another grammar
   */
  void rename(Scope scope, ContainerId id, String name);

  /**
   * Changes limits, at once if it runs and for its next start, and its restart policy.
   *
   * @param limits the new ones; what they do not say stays
   * @param restart the new policy, or null
   * @throws EngineException INVALID_ARGUMENT for a limit that makes no sense or that this machine
   *     can't set; the runtime's own message if it fails. Nothing has changed then
   */
  void update(Scope scope, ContainerId id, Resources limits, @Nullable RestartPolicy restart);

  /**
   * The processes of a container.
   *
   * @param options for {@code ps} of this machine, which must leave it a column PID; empty for the
   *     usual columns, which need no {@code ps}
   * @throws EngineException FAILED_PRECONDITION if it does not run
   */
  ProcessTable top(Scope scope, ContainerId id, List<String> options);

  /**
   * What a running container has used. Without a memory limit of its own, the machine's memory is
   * its limit.
   *
   * @throws EngineException FAILED_PRECONDITION if it does not run
   */
  TaskUsage usage(Scope scope, ContainerId id);
}
