package org.felucca.engine;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
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
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.spec.SpecService;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskCreate;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.api.trace.Trace;
import org.felucca.oci.RuntimeSpec;
import org.jspecify.annotations.Nullable;

/**
 * The life of a container that the engine made for a user: started, ended, and started again by its
 * restart policy. When its process has ended, its exit is written into its record and its shim is
 * let go; a crash between the two is made good at the next start.
 */
final class ContainerLifecycle {
  private static final Logger LOG = Logger.getLogger(ContainerLifecycle.class.getName());

  /** What a program exits with that could not be started. */
  private static final int NOT_STARTED = 127;

  private final ContainerStore containers;
  private final TaskService tasks;
  private final EnginePaths paths;
  private final ExitFiles exitFiles;
  private final EventLog events;
  private final Executor background;
  private final BooleanSupplier closing;
  private final EngineRun run;
  private final ContainerLogs logs;
  private final StartPreparation starts;
  private final ContainerEnd end;
  private final Restarts restarts;
  private final HealthMonitor health;
  private final KeyedLocks<TaskKey> locks = new KeyedLocks<>();

  ContainerLifecycle(
      ContainerStore containers,
      SnapshotService snapshots,
      TaskService tasks,
      EnginePaths paths,
      ExitFiles exitFiles,
      EventLog events,
      Executor background,
      BooleanSupplier closing,
      EngineRun run,
      ContainerLogs logs,
      SpecService specs,
      VolumeUseCases volumes) {
    this.containers = containers;
    this.tasks = tasks;
    this.paths = paths;
    this.exitFiles = exitFiles;
    this.events = events;
    this.background = background;
    this.closing = closing;
    this.run = run;
    this.logs = logs;
    this.starts = new StartPreparation(containers, snapshots, tasks, paths);
    this.end = new ContainerEnd(containers, snapshots, tasks, paths, volumes, this);
    this.restarts = new Restarts(this, run, background, closing);
    this.health =
        new HealthMonitor(
            tasks, new HealthProbe(tasks, specs, paths), paths, events, background, closing);
  }

  /** How it is seen whether it is well. */
  HealthMonitor health() {
    return health;
  }

  /** How it is told to end, and removed. */
  ContainerEnd end() {
    return end;
  }

  /** What is needed before a start, and goes when there was none. */
  StartPreparation starts() {
    return starts;
  }

  /** How its restart policy starts it again. */
  Restarts restarts() {
    return restarts;
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

  /** The record of a container. */
  ContainerRecord get(Scope scope, ContainerId id) {
    return containers.get(scope, id);
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
    // Alone: what cleans up after an earlier run takes the fifos of that run away.
    try (KeyedLocks.Held _ = locks.lock(new TaskKey(scope.namespace(), container.id()))) {
      ProcessFifos fifos = fifos(scope, container);
      TaskState task = task(scope, container.id());
      if (task != null && task.status() == TaskStatus.STOPPED) {
        if (!options(container).autoRemove()) {
          settle(scope, containers.get(scope, container.id()), ended(task));
        }
      } else if (task != null && !fifos.made()) {
        throw EngineException.precondition(
            "container %s was started without anything to attach to; read 'felucca logs %s'"
                .formatted(container.name(), container.name()));
      }
      return fifos.make().attachment();
    }
  }

  /** Nobody else works on the container meanwhile. */
  KeyedLocks.Held lock(Scope scope, ContainerId id) {
    return locks.lock(new TaskKey(scope.namespace(), id));
  }

  /** Somebody starts it. */
  int start(Scope scope, ContainerId id) {
    try (KeyedLocks.Held _ = lock(scope, id)) {
      ContainerRecord container = containers.get(scope, id);
      TaskState old = task(scope, id);
      if (old != null) {
        if (old.status() != TaskStatus.STOPPED) {
          throw EngineException.precondition(
              old.status() == TaskStatus.PAUSED
                  ? "container %s is paused; let it go on by 'felucca unpause %s'"
                      .formatted(container.name(), container.name())
                  : "container %s is running already".formatted(container.name()));
        }
        settle(scope, container, ended(old));
        container = containers.get(scope, id);
      }
      int pid = run(scope, container);
      keep(scope, container, ManagedState.started(run.boot(), Instant.now()));
      Trace.mark("start kept");
      watch(scope, id);
      return pid;
    }
  }

  private int run(Scope scope, ContainerRecord container) {
    TaskKey key = new TaskKey(scope.namespace(), container.id());
    ProcessFifos fifos = fifos(scope, container);
    ProcessIo io = logs.begin(key, container, options(container), fifos);
    FileTrees.delete(paths.outOfMemory(scope.namespace(), container.id()));
    Trace.mark("streams made");
    try {
      int pid = createAndStart(scope, container, io);
      starts.writePid(options(container).life().pidFile(), pid);
      return pid;
    } catch (EngineException e) {
      fifos.dropInner();
      throw e.during("start " + program(container));
    }
  }

  private int createAndStart(Scope scope, ContainerRecord container, ProcessIo io) {
    TaskCreate create =
        new TaskCreate(
            starts.root(scope, container), io, null, null, starts.spec(scope, container), null);
    Trace.mark("mounts known");
    try {
      return tasks.run(scope, container.id(), create);
    } catch (RuntimeException e) {
      starts.removeCgroups(container);
      throw e;
    }
  }

  /** What a container runs, for messages: not every runtime names it when it fails. */
  private static String program(ContainerRecord container) {
    TypedBytes spec = container.spec();
    List<String> args = spec == null ? List.of() : RuntimeSpec.args(spec.value());
    return args.isEmpty() ? "container " + container.name() : Identifiers.quote(args.getFirst());
  }

  /** Checks the container until its process has ended, then cleans up after it. */
  void watch(Scope scope, ContainerId id) {
    CompletableFuture<Exit> ended = tasks.exit(scope, id, "");
    health.begin(scope, containers.get(scope, id), ended);
    CompletableFuture<Exit> _ =
        ended.whenCompleteAsync(
            Trace.laterWith(
                (exit, failure) -> {
                  if (exit != null && !closing.getAsBoolean()) {
                    finish(scope, id, exit);
                  }
                }),
            background);
  }

  private void finish(Scope scope, ContainerId id, Exit exit) {
    try (KeyedLocks.Held _ = lock(scope, id)) {
      TaskState task = task(scope, id);
      if (task == null || task.status() != TaskStatus.STOPPED) {
        return; // removed or started again meanwhile
      }
      ContainerRecord container = containers.get(scope, id);
      settle(scope, container, exit);
      if (!options(container).autoRemove()) {
        restarts.schedule(scope, containers.get(scope, id));
      } else if (!end.isRestarting(scope, id)) {
        end.removeEnded(scope, container);
      }
    } catch (RuntimeException e) {
      if (!closing.getAsBoolean()) {
        LOG.log(
            Level.WARNING, "clean-up after the end is left to the next start container=" + id, e);
      }
    }
  }

  /**
   * Its restart policy starts it, if nothing has happened to it since an exit.
   *
   * @return false if something has
   */
  boolean startAgain(Scope scope, ContainerId id, Instant exitedAt) {
    try (KeyedLocks.Held _ = lock(scope, id)) {
      ContainerRecord container = containers.get(scope, id);
      ManagedState state = ManagedState.of(container);
      if (state == null
          || task(scope, id) != null
          || !exitedAt.equals(state.exitedAt())
          || !options(container).restarts(state)) {
        return false;
      }
      ManagedState next = state.restarted(run.boot(), Instant.now());
      try {
        int pid = run(scope, container);
        assert pid > 0;
      } catch (EngineException e) {
        if (closing.getAsBoolean() || e.kind() == ErrorKind.CANCELLED) {
          throw e;
        }
        LOG.log(Level.WARNING, "restart failed container=" + id + " count=" + next.restarts(), e);
        keep(scope, container, next.ended(new Exit(NOT_STARTED, Instant.now())));
        restarts.schedule(scope, containers.get(scope, id));
        return false;
      }
      keep(scope, container, next);
      watch(scope, id);
      events.publish(scope.namespace(), new Event.ContainerRestart(id.value(), next.restarts()));
      return true;
    }
  }

  /** Whether a container has ended and its restart policy will start it. */
  boolean isRestarting(ContainerRecord container, @Nullable TaskState task) {
    ManagedOptions options = ManagedOptions.of(container);
    return task == null && options != null && options.restarts(ManagedState.of(container));
  }

  /** Writes down how it ended, then lets the task go. */
  void settle(Scope scope, ContainerRecord container, Exit exit) {
    TaskKey key = new TaskKey(scope.namespace(), container.id());
    ManagedState state = ManagedState.of(container);
    boolean kept = !options(container).autoRemove();
    if (kept) {
      try {
        keep(
            scope,
            container,
            (state == null ? ManagedState.started(run.boot(), exit.at()) : state).ended(exit));
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
    Trace.mark("exit kept");
    tasks.delete(scope, container.id(), "");
    FileTrees.delete(paths.task(key.namespace(), key.id()));
  }

  /** Writes the state into the record. */
  void keep(Scope scope, ContainerRecord container, ManagedState state) {
    containers.update(
        scope.withDurability(Durability.ENGINE_CRASH),
        container.withExtension(ManagedState.EXTENSION, state.bytes()),
        Set.of("extensions." + ManagedState.EXTENSION));
  }

  static Exit ended(TaskState task) {
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
}
