package org.felucca.api.shim;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.felucca.api.TypedBytes;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessDetails;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskCreate;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskUsage;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A connection to one shim: its task service. {@code execId} is empty for the container's first
 * process. Errors are the shim's, its message verbatim; UNAVAILABLE when the connection broke;
 * DEADLINE_EXCEEDED when it does not answer.
 */
@ProviderType
public interface Shim {
  /** Which it is. */
  ShimInfo info();

  /** Creates the container; returns its process id. */
  int create(TaskCreate create);

  /**
   * Creates the container and starts it in one; returns its process id.
   *
   * @throws EngineException UNIMPLEMENTED, with nothing done, if this shim can't or its runtime is
   *     not known to: then {@link #create} and {@link #start} do it
   */
  int run(TaskCreate create);

  /** Starts a process; returns its process id. */
  int start(String execId);

  /** Prepares a further process. */
  void exec(String execId, TypedBytes process, ProcessIo io);

  /** The state of a process. */
  TaskState state(String execId);

  /**
   * When a process has ended, without a deadline. Completed exceptionally with UNAVAILABLE when the
   * connection breaks, and with NOT_FOUND when there is no such process.
   */
  CompletableFuture<Exit> exit(String execId);

  /** Sends a signal. */
  void kill(String execId, int signal, boolean all);

  /** Forgets an ended process. */
  Exit delete(String execId);

  /** The processes of the container. */
  List<ProcessDetails> pids();

  /** Freezes the container. */
  void pause();

  /** Thaws it. */
  void resume();

  /** Changes the size of a terminal. */
  void resize(String execId, int columns, int rows);

  /** Closes standard input. */
  void closeStdin(String execId);

  /** Writes a checkpoint into a folder; the options are the runtime's, or null. */
  void checkpoint(String folder, @Nullable TypedBytes options);

  /** Changes limits; the annotations may be empty. */
  void update(TypedBytes resources, Map<String, String> annotations);

  /** The cgroup's figures. */
  TypedBytes metrics();

  /** What {@link #metrics} says, read; UNIMPLEMENTED for figures of another type. */
  TaskUsage usage();

  /** Asks an idle shim to end, waits until its process is gone, and removes its bundle folder. */
  void shutdown();

  /**
   * Ends the shim and its container by force: for a create that failed or hung. Kills the shim's
   * process, cleans up by its {@code delete} command and removes the bundle folder.
   */
  void destroy();

  /** Closed when the connection is broken; the shim itself may still be there. */
  CompletableFuture<Void> closed();

  /** Closes the connection and leaves the shim alone. */
  void disconnect();
}
