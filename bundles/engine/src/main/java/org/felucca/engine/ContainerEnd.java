package org.felucca.engine;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.task.Exit;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.api.trace.Trace;
import org.felucca.linux.Signal;
import org.jspecify.annotations.Nullable;

/**
 * How a container is told to end, and removed. That somebody told it is written down before the
 * signal is sent: its restart policy rests from then on, also if the engine ends in between.
 */
final class ContainerEnd {
  private static final Logger LOG = Logger.getLogger(ContainerEnd.class.getName());

  /** How long a process may take to end after SIGKILL. */
  private static final Duration KILL = Duration.ofSeconds(10);

  private static final int KILL_SIGNAL = Signal.KILL.number();

  private final ContainerStore containers;
  private final SnapshotService snapshots;
  private final TaskService tasks;
  private final EnginePaths paths;
  private final VolumeUseCases volumes;
  private final ContainerLifecycle lifecycle;

  /** Those that are stopped to be started again at once; they are not removed in between. */
  private final Set<TaskKey> restarting = ConcurrentHashMap.newKeySet();

  ContainerEnd(
      ContainerStore containers,
      SnapshotService snapshots,
      TaskService tasks,
      EnginePaths paths,
      VolumeUseCases volumes,
      ContainerLifecycle lifecycle) {
    this.containers = containers;
    this.snapshots = snapshots;
    this.tasks = tasks;
    this.paths = paths;
    this.volumes = volumes;
    this.lifecycle = lifecycle;
  }

  /** Its stop signal, then SIGKILL; returns how it ended, also if it had before. */
  Exit stop(Scope scope, ContainerId id, @Nullable Integer signal, @Nullable Duration grace) {
    ContainerRecord container = told(scope, id);
    Duration patience = grace == null ? ContainerLifecycle.options(container).stopTimeout() : grace;
    CompletableFuture<Exit> exit = lifecycle.exit(scope, id);
    if (exit.isDone()) {
      return get(exit, Duration.ZERO, container.name());
    }
    signal(scope, id, signal == null ? ContainerLifecycle.options(container).stopSignal() : signal);
    try {
      return get(exit, patience, container.name());
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.DEADLINE_EXCEEDED) {
        throw e;
      }
    }
    signal(scope, id, KILL_SIGNAL);
    return get(exit, KILL, container.name());
  }

  /**
   * Sends a signal to its first process. SIGKILL and its stop signal are orders to end.
   *
   * @throws EngineException FAILED_PRECONDITION if it does not run
   */
  void kill(Scope scope, ContainerId id, int signal) {
    ContainerRecord container = containers.get(scope, id);
    ManagedOptions options = ManagedOptions.of(container);
    boolean order = signal == KILL_SIGNAL || (options != null && signal == options.stopSignal());
    if (order && options != null) {
      boolean waiting = lifecycle.isRestarting(container, lifecycle.task(scope, id));
      container = told(scope, id);
      if (waiting && lifecycle.task(scope, id) == null) {
        return; // it waits for its next start, which will not come now
      }
    }
    TaskState task = lifecycle.task(scope, id);
    if (task == null || task.status() == TaskStatus.STOPPED) {
      throw notRunning(container);
    }
    try {
      tasks.kill(scope, id, "", signal, false);
    } catch (EngineException e) {
      throw e.kind() == ErrorKind.NOT_FOUND ? notRunning(container) : e;
    }
    if (order && task.status() == TaskStatus.PAUSED) {
      letGoOn(scope, id);
    }
  }

  static EngineException notRunning(ContainerRecord container) {
    return EngineException.precondition(
        "container %s does not run; 'felucca ps -a' shows its state".formatted(container.name()));
  }

  /** Stops it if it runs, and starts it. */
  int restart(Scope scope, ContainerId id, @Nullable Integer signal, @Nullable Duration grace) {
    TaskKey key = new TaskKey(scope.namespace(), id);
    restarting.add(key);
    try {
      TaskState task = lifecycle.task(scope, id);
      if (task != null && task.status() != TaskStatus.STOPPED) {
        Exit exit = stop(scope, id, signal, grace);
        LOG.log(
            Level.FINE,
            "stopped to be restarted container={0} status={1}",
            new Object[] {key, exit.status()});
      }
      return lifecycle.start(scope, id);
    } finally {
      restarting.remove(key);
    }
  }

  boolean isRestarting(Scope scope, ContainerId id) {
    return restarting.contains(new TaskKey(scope.namespace(), id));
  }

  /** Writes down that somebody told it to end. */
  private ContainerRecord told(Scope scope, ContainerId id) {
    try (KeyedLocks.Held _ = lifecycle.lock(scope, id)) {
      ContainerRecord container = containers.get(scope, id);
      ManagedState state = ManagedState.of(container);
      if (state != null
          && !state.stopped()
          && !ContainerLifecycle.options(container).autoRemove()) {
        lifecycle.keep(scope, container, state.told());
      }
      return container;
    }
  }

  /** Sends a signal that is to end it, be it paused or not; nothing happens if it has ended. */
  private void signal(Scope scope, ContainerId id, int signal) {
    TaskState task = lifecycle.task(scope, id);
    if (task == null) {
      return;
    }
    try {
      tasks.kill(scope, id, "", signal, signal == KILL_SIGNAL);
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
    }
    if (task.status() == TaskStatus.PAUSED) {
      letGoOn(scope, id);
    }
  }

  /** A signal reaches what is frozen only when it goes on. */
  private void letGoOn(Scope scope, ContainerId id) {
    try {
      tasks.resume(scope, id);
    } catch (EngineException e) {
      // SIGKILL to all of it makes some runtimes let it go on themselves.
      LOG.log(
          Level.FINE, "not resumed container={0} reason={1}", new Object[] {id, e.getMessage()});
    }
  }

  /** Takes a created task away that will not be started. */
  void abandon(Scope scope, ContainerId id) {
    boolean interrupted = Thread.interrupted();
    try {
      CompletableFuture<Exit> exit = tasks.exit(scope, id, "");
      signal(scope, id, KILL_SIGNAL);
      Exit ended = get(exit, KILL, id.shortForm());
      LOG.log(Level.FINE, "abandoned container={0} status={1}", new Object[] {id, ended.status()});
      Exit deleted = tasks.delete(scope, id, "");
      assert deleted != null;
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "task that did not start not deleted container=" + id, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static Exit get(CompletableFuture<Exit> exit, Duration wait, String container) {
    try {
      return exit.get(wait.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new EngineException(
          ErrorKind.DEADLINE_EXCEEDED,
          "container %s did not end within %d s".formatted(container, wait.toSeconds()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait for the end of container " + container);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof EngineException failure) {
        throw failure.during("wait for the end of container " + container);
      }
      throw EngineException.internal("wait for the end of container " + container, e);
    }
  }

  void remove(Scope scope, ContainerId id, boolean force) {
    ContainerRecord container = containers.get(scope, id);
    ManagedOptions options = ContainerLifecycle.options(container);
    TaskState task = lifecycle.task(scope, id);
    if (task != null && task.status() != TaskStatus.STOPPED) {
      if (!force) {
        throw EngineException.precondition(
            "container %s is %s; stop it first, or use --force"
                .formatted(
                    container.name(), task.status() == TaskStatus.PAUSED ? "paused" : "running"));
      }
      if (options.life().restart().restarts()) {
        container = told(scope, id);
      }
      CompletableFuture<Exit> exit = tasks.exit(scope, id, "");
      signal(scope, id, KILL_SIGNAL);
      Exit ended = get(exit, KILL, container.name());
      LOG.log(
          Level.FINE,
          "killed to be removed container={0} status={1}",
          new Object[] {id, ended.status()});
    }
    try (KeyedLocks.Held _ = lifecycle.lock(scope, id)) {
      task = lifecycle.task(scope, id);
      if (task != null) {
        if (task.status() != TaskStatus.STOPPED) {
          throw EngineException.precondition(
              "container %s was started again meanwhile".formatted(container.name()));
        }
        lifecycle.settle(scope, container, ContainerLifecycle.ended(task));
      } else if (!force && lifecycle.isRestarting(container, null)) {
        throw EngineException.precondition(
            "container %s is being restarted by its policy; stop it first, or use --force"
                .formatted(container.name()));
      }
      try {
        removeEnded(scope, container);
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.NOT_FOUND) {
          throw e; // else it removed itself meanwhile
        }
      }
    }
  }

  /**
   * Root file system, log, record: the record last, so that a crash in between leaves something to
   * remove again.
   */
  void removeEnded(Scope scope, ContainerRecord container) {
    Scope quick = scope.withDurability(Durability.ENGINE_CRASH);
    try {
      if (!container.snapshotKey().isEmpty()) {
        snapshots.remove(quick, container.snapshotter(), container.snapshotKey());
      }
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
    }
    Trace.mark("snapshot removed");
    FileTrees.delete(paths.task(scope.namespace(), container.id()));
    FileTrees.delete(paths.container(scope.namespace(), container.id()));
    Trace.mark("files removed");
    lifecycle.health().forget(new TaskKey(scope.namespace(), container.id()));
    ManagedOptions options = ContainerLifecycle.options(container);
    containers.delete(options.autoRemove() ? quick : scope, container.id());
    Trace.mark("record removed");
    if (options.autoRemove() && options.surroundings() != null) {
      List<String> gone = volumes.release(scope, options.surroundings().volumes());
      LOG.log(Level.FINE, "volumes went with their container names={0}", gone);
    }
  }
}
