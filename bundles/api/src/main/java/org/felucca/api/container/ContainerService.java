package org.felucca.api.container;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.task.Exit;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What people do with containers: the order of things between images, snapshots, specs and tasks. A
 * container that has ended gives its shim up by itself; how it ended is kept with its record.
 */
@ProviderType
public interface ContainerService {
  /**
   * Makes a container from an image: checks everything first, then prepares its root file system,
   * its spec and its record. Nothing stays behind if any of it fails.
   *
   * @throws EngineException NOT_FOUND for the image or the runtime; ALREADY_EXISTS for a taken
   *     name; INVALID_ARGUMENT for an option, and which
   */
  ContainerRecord create(Scope scope, CreateOptions options);

  /**
   * Finds the container that a user means: an id, a name, or an unambiguous beginning of an id.
   *
   * @throws EngineException NOT_FOUND; INVALID_ARGUMENT if several fit
   */
  ContainerRecord find(Scope scope, String text);

  /** A container with its task. */
  ContainerView inspect(Scope scope, ContainerId id);

  /**
   * The containers of the namespace that match a filter, or all, the oldest first; their records
   * without the specs.
   */
  List<ContainerView> list(Scope scope, List<String> filters);

  /**
   * Makes the fifos by which a client will reach the container's process: before {@link #start},
   * and while it runs if its log is kept.
   *
   * @return where they are; no standard input if {@link ProcessOptions#stdin} was not asked for
   * @throws EngineException FAILED_PRECONDITION if it has ended, or runs and can't be attached to
   */
  Attachment attach(Scope scope, ContainerId id);

  /**
   * Creates and starts the task of a container that does not run.
   *
   * @return the process id
   * @throws EngineException FAILED_PRECONDITION if it runs already; the runtime's own message if it
   *     fails
   */
  int start(Scope scope, ContainerId id);

  /**
   * When the container's first process has ended; at once for one that has, also if it removed
   * itself a short while ago. The call returns at once; the future fails with UNAVAILABLE when the
   * engine is being replaced: ask again.
   *
   * @throws EngineException NOT_FOUND; FAILED_PRECONDITION if it was never started
   */
  CompletableFuture<Exit> exit(Scope scope, ContainerId id);

  /**
   * Prepares a further process, with its fifos; {@link #startExec} runs it.
   *
   * @return the id of the process within the container
   * @throws EngineException FAILED_PRECONDITION if the container does not run
   */
  String exec(Scope scope, ContainerId id, ExecOptions options);

  /** The fifos of a prepared or running further process. */
  Attachment execAttachment(Scope scope, ContainerId id, String execId);

  /** Runs a prepared further process; returns its process id. */
  int startExec(Scope scope, ContainerId id, String execId);

  /** Forgets a further process that has ended, and takes its fifos away; returns how it ended. */
  Exit deleteExec(Scope scope, ContainerId id, String execId);

  /**
   * Stops a container: its stop signal, then after the grace period SIGKILL. Returns when it has
   * ended.
   *
   * @param signal another stop signal, or null for its own, the image's or SIGTERM
   * @param grace how long it may take before it is killed, or null for its own time, else 10 s
   */
  Exit stop(Scope scope, ContainerId id, @Nullable Integer signal, @Nullable Duration grace);

  /**
   * Removes a container, its root file system, log and record.
   *
   * @param force kill it first if it runs
   * @throws EngineException FAILED_PRECONDITION if it runs and not {@code force}
   */
  void remove(Scope scope, ContainerId id, boolean force);

  /**
   * Reads what the shim's side stored of a container's output. Long running with {@code follow};
   * ends when the container has ended and all is read.
   *
   * @throws EngineException FAILED_PRECONDITION if no log is kept of it
   */
  void logs(Scope scope, ContainerId id, LogQuery query, LogSink sink);

  /**
   * How the output of a container is kept, and what of it is missing.
   *
   * @throws EngineException FAILED_PRECONDITION if another kind of client made the container
   */
  LogState logState(Scope scope, ContainerId id);
}
