package org.felucca.api.task;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Tasks, as containerd's API has them. {@code execId} is empty for the container's first process.
 * Every method throws NOT_FOUND if there is no such task or process, and is bounded by the
 * configured deadline of the runtime.
 */
@ProviderType
public interface TaskService {
  /**
   * Creates the task of a container, not yet running.
   *
   * @return the process id
   * @throws EngineException ALREADY_EXISTS if it has one; NOT_FOUND for the container or its
   *     runtime; else with the runtime's own message
   */
  int create(Scope scope, ContainerId id, TaskCreate create);

  /**
   * Creates the task of a container and starts it; in one step where shim and runtime can. If it
   * fails no task stays.
   *
   * @return the process id
   * @throws EngineException as {@link #create} and {@link #start}
   */
  int run(Scope scope, ContainerId id, TaskCreate create);

  /** Starts a created process; returns its process id. */
  int start(Scope scope, ContainerId id, String execId);

  /**
   * Prepares a further process.
   *
   * @param process an OCI process ({@link TypedBytes#OCI_PROCESS})
   * @throws EngineException INVALID_ARGUMENT for an id that is no identifier; ALREADY_EXISTS;
   *     FAILED_PRECONDITION if the task does not run
   */
  void exec(Scope scope, ContainerId id, String execId, TypedBytes process, ProcessIo io);

  /** Sends a signal to a process, or to all of the container; NOT_FOUND if it has ended. */
  void kill(Scope scope, ContainerId id, String execId, int signal, boolean all);

  /** The state of a process. */
  TaskState get(Scope scope, ContainerId id, String execId);

  /** The state of every task of the namespace. */
  List<TaskState> list(Scope scope);

  /**
   * When the process has ended. The call returns at once; the future fails with UNAVAILABLE when
   * the engine is being replaced (ask again), with NOT_FOUND when the task was deleted by somebody
   * whose answer is lost.
   */
  CompletableFuture<Exit> exit(Scope scope, ContainerId id, String execId);

  /** Forgets an ended process and returns how it ended; FAILED_PRECONDITION if it runs. */
  Exit delete(Scope scope, ContainerId id, String execId);

  /** The processes that live in the container. */
  List<ProcessDetails> pids(Scope scope, ContainerId id);

  /** Freezes all of the container. */
  void pause(Scope scope, ContainerId id);

  /** Goes on after {@link #pause}. */
  void resume(Scope scope, ContainerId id);

  /** Changes the size of a process's terminal, in characters. */
  void resize(Scope scope, ContainerId id, String execId, int columns, int rows);

  /** Closes a process's standard input once what was written is read. */
  void closeStdin(Scope scope, ContainerId id, String execId);

  /**
   * Writes down all that the container is, as far as its runtime can, into a folder.
   *
   * @param folder where, absolute; made if it is missing
   * @param options options for the runtime, such as whether the container ends, or null
   * @throws EngineException with the runtime's own message, also if CRIU is not installed
   */
  void checkpoint(Scope scope, ContainerId id, String folder, @Nullable TypedBytes options);

  /**
   * Changes limits.
   *
   * @param resources what they are from now on
   * @param annotations what runtimes besides are told; empty for nothing
   */
  void update(Scope scope, ContainerId id, TypedBytes resources, Map<String, String> annotations);

  /** The cgroup's figures, of a type that says which cgroup version. */
  TypedBytes metrics(Scope scope, ContainerId id);

  /**
   * What {@link #metrics} says, read.
   *
   * @throws EngineException UNIMPLEMENTED for figures of another type than those of cgroups
   */
  TaskUsage usage(Scope scope, ContainerId id);
}
