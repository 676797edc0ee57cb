package org.felucca.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.Attachment;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskCreate;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.linux.Signal;
import org.felucca.oci.RuntimeSpec;
import org.jspecify.annotations.Nullable;

/**
 * The life of a container that the engine made for a user: started, ended by itself or stopped, and
 * removed. When its process has ended, its exit is written into its record and its shim is let go;
 * a crash between the two is made good at the next start.
 */
final class ContainerLifecycle {
  private static final Logger LOG = Logger.getLogger(ContainerLifecycle.class.getName());

  /** How long a process may take to end after SIGKILL. */
  private static final Duration KILL = Duration.ofSeconds(10);

  private static final int KILL_SIGNAL = Signal.KILL.number();

  private final ContainerStore containers;
  private final SnapshotService snapshots;
  private final TaskService tasks;
  private final EnginePaths paths;
  private final ExitFiles exitFiles;
  private final Executor background;
  private final BooleanSupplier closing;
  private final String boot;
  private final ContainerLogs logs;
  private final StartPreparation starts;
  private final KeyedLocks<TaskKey> locks = new KeyedLocks<>();

  ContainerLifecycle(
      ContainerStore containers,
      SnapshotService snapshots,
      TaskService tasks,
      EnginePaths paths,
      ExitFiles exitFiles,
      Executor background,
      BooleanSupplier closing,
      String boot,
      ContainerLogs logs) {
    this.containers = containers;
    this.snapshots = snapshots;
    this.tasks = tasks;
    this.paths = paths;
    this.exitFiles = exitFiles;
    this.background = background;
    this.closing = closing;
    this.boot = boot;
    this.logs = logs;
    this.starts = new StartPreparation(containers, snapshots, tasks, paths);
  }

  /** The options of a container; FAILED_PRECONDITION if another kind of client made it. */
  static ManagedOptions options(ContainerRecord container) {
    ManagedOptions options = ManagedOptions.of(container);
    if (options == null) {
      throw EngineException.precondition(
          "container %s was made by a client of the containerd API; use that client for it"
              .formatted(container.id()));
    }
    return options;
  }

  /** The task of a container, or null if it has none. */
  @Nullable TaskState task(Scope scope, ContainerId id) {
    try {
      return tasks.get(scope, id, "");
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  ProcessFifos fifos(Scope scope, ContainerRecord container) {
    ManagedOptions options = options(container);
    return new ProcessFifos(
        paths.task(scope.namespace(), container.id()), options.stdin(), options.terminal());
  }

  Attachment attach(Scope scope, ContainerRecord container) {
    ProcessFifos fifos = fifos(scope, container);
    TaskState task = task(scope, container.id());
    if (task != null && task.status() != TaskStatus.STOPPED && !fifos.made()) {
      throw EngineException.precondition(
          "container %s was started without anything to attach to; read 'felucca logs %s'"
              .formatted(container.name(), container.name()));
    }
    return fifos.make().attachment();
  }

  int start(Scope scope, ContainerId id) {
    TaskKey key = new TaskKey(scope.namespace(), id);
    try (KeyedLocks.Held _ = locks.lock(key)) {
      ContainerRecord container = containers.get(scope, id);
      ManagedOptions options = options(container);
      TaskState old = task(scope, id);
      if (old != null) {
        if (old.status() != TaskStatus.STOPPED) {
          throw EngineException.precondition(
              "container %s is running already".formatted(container.name()));
        }
        settle(scope, container, ended(old));
        container = containers.get(scope, id);
      }
      ProcessFifos fifos = fifos(scope, container);
      ProcessIo io = logs.begin(key, container, options, fifos);
      int pid;
      try {
        pid = createAndStart(scope, container, io);
      } catch (EngineException e) {
        throw e.during("start " + program(container));
      }
      keep(scope, container, new ManagedState(boot, Instant.now(), null, null));
      starts.writePid(options.life().pidFile(), pid);
      watch(scope, id);
      return pid;
    }
  }

  private int createAndStart(Scope scope, ContainerRecord container, ProcessIo io) {
    TaskCreate create =
        new TaskCreate(
            starts.root(scope, container), io, null, null, starts.spec(scope, container));
    try {
      tasks.create(scope, container.id(), create);
    } catch (RuntimeException e) {
      starts.removeCgroups(container);
      throw e;
    }
    try {
      return tasks.start(scope, container.id(), "");
    } catch (RuntimeException e) {
      abandon(scope, container.id());
      throw e;
    }
  }

  /** What a container runs, for messages: not every runtime names it when it fails. */
  private static String program(ContainerRecord container) {
    TypedBytes spec = container.spec();
    List<String> args = spec == null ? List.of() : RuntimeSpec.parse(spec.value()).args();
    return args.isEmpty() ? "container " + container.name() : Identifiers.quote(args.getFirst());
  }

  /** Takes a created task away that will not be started. */
  void abandon(Scope scope, ContainerId id) {
    boolean interrupted = Thread.interrupted();
    try {
      CompletableFuture<Exit> exit = tasks.exit(scope, id, "");
      kill(scope, id, KILL_SIGNAL);
      get(exit, KILL, id.shortForm());
      tasks.delete(scope, id, "");
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "task that did not start not deleted container=" + id, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Cleans up after the container once its process has ended. */
  void watch(Scope scope, ContainerId id) {
    CompletableFuture<Exit> _ =
        tasks
            .exit(scope, id, "")
            .whenCompleteAsync(
                (exit, failure) -> {
                  if (exit != null && !closing.getAsBoolean()) {
                    finish(scope, id, exit);
                  }
                },
                background);
  }

  private void finish(Scope scope, ContainerId id, Exit exit) {
    try (KeyedLocks.Held _ = locks.lock(new TaskKey(scope.namespace(), id))) {
      TaskState task = task(scope, id);
      if (task == null || task.status() != TaskStatus.STOPPED) {
        return; // removed or started again meanwhile
      }
      ContainerRecord container = containers.get(scope, id);
      settle(scope, container, exit);
      if (options(container).autoRemove()) {
        removeEnded(scope, container);
      }
    } catch (RuntimeException e) {
      if (!closing.getAsBoolean()) {
        LOG.log(
            Level.WARNING, "clean-up after the end is left to the next start container=" + id, e);
      }
    }
  }

  /** Writes down how it ended, then lets the task go. */
  private void settle(Scope scope, ContainerRecord container, Exit exit) {
    TaskKey key = new TaskKey(scope.namespace(), container.id());
    ManagedState state = ManagedState.of(container);
    boolean kept = !options(container).autoRemove();
    if (kept) {
      try {
        keep(
            scope,
            container,
            (state == null ? new ManagedState(boot, exit.at(), null, null) : state).ended(exit));
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.RESOURCE_EXHAUSTED) {
          throw e;
        }
        LOG.log(Level.WARNING, "exit not kept in the record for want of room container=" + key, e);
        kept = false;
      }
    }
    if (!kept) {
      exitFiles.keep(key, exit);
    }
    tasks.delete(scope, container.id(), "");
    FileTrees.delete(paths.task(key.namespace(), key.id()));
  }

  /** Writes the state into the record. */
  void keep(Scope scope, ContainerRecord container, ManagedState state) {
    Map<String, TypedBytes> extensions = new HashMap<>(container.extensions());
    extensions.put(ManagedState.EXTENSION, state.bytes());
    containers.update(
        scope.withDurability(Durability.ENGINE_CRASH),
        new ContainerRecord(
            container.id(),
            container.labels(),
            container.image(),
            container.runtime(),
            container.runtimeOptions(),
            container.spec(),
            container.snapshotter(),
            container.snapshotKey(),
            container.sandbox(),
            container.createdAt(),
            container.updatedAt(),
            extensions),
        Set.of("extensions." + ManagedState.EXTENSION));
  }

  private static Exit ended(TaskState task) {
    Exit exit = task.exit();
    return exit == null ? new Exit(Exit.UNKNOWN_STATUS, Instant.now()) : exit;
  }

  CompletableFuture<Exit> exit(Scope scope, ContainerId id) {
    try {
      return tasks.exit(scope, id, "");
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
    }
    Exit gone = exitFiles.find(new TaskKey(scope.namespace(), id));
    if (gone != null) {
      return CompletableFuture.completedFuture(gone);
    }
    ContainerRecord container = containers.get(scope, id);
    ManagedState state = ManagedState.of(container);
    Exit exit = state == null ? null : state.exit();
    if (exit == null) {
      throw EngineException.precondition(
          "container %s does not run; start it first".formatted(container.name()));
    }
    return CompletableFuture.completedFuture(exit);
  }

  Exit stop(Scope scope, ContainerId id, @Nullable Integer signal, Duration grace) {
    ContainerRecord container = containers.get(scope, id);
    CompletableFuture<Exit> exit = exit(scope, id);
    if (exit.isDone()) {
      return get(exit, Duration.ZERO, container.name());
    }
    kill(scope, id, signal == null ? options(container).stopSignal() : signal);
    try {
      return get(exit, grace, container.name());
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.DEADLINE_EXCEEDED) {
        throw e;
      }
    }
    kill(scope, id, KILL_SIGNAL);
    return get(exit, KILL, container.name());
  }

  private void kill(Scope scope, ContainerId id, int signal) {
    try {
      tasks.kill(scope, id, "", signal, signal == KILL_SIGNAL);
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
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
    options(container);
    TaskState task = task(scope, id);
    if (task != null && task.status() != TaskStatus.STOPPED) {
      if (!force) {
        throw EngineException.precondition(
            "container %s is running; stop it first, or use --force".formatted(container.name()));
      }
      CompletableFuture<Exit> exit = tasks.exit(scope, id, "");
      kill(scope, id, KILL_SIGNAL);
      get(exit, KILL, container.name());
    }
    try (KeyedLocks.Held _ = locks.lock(new TaskKey(scope.namespace(), id))) {
      task = task(scope, id);
      if (task != null) {
        if (task.status() != TaskStatus.STOPPED) {
          throw EngineException.precondition(
              "container %s was started again meanwhile".formatted(container.name()));
        }
        settle(scope, container, ended(task));
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
    FileTrees.delete(paths.task(scope.namespace(), container.id()));
    FileTrees.delete(paths.container(scope.namespace(), container.id()));
    containers.delete(options(container).autoRemove() ? quick : scope, container.id());
  }
}
