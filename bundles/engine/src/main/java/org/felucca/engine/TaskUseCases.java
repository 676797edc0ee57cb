package org.felucca.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.shim.Shim;
import org.felucca.api.shim.ShimLaunch;
import org.felucca.api.shim.ShimService;
import org.felucca.api.spec.SpecService;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessDetails;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskCreate;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Tasks over shims. What it knows is only a picture of what the shims say: at the start it asks
 * them all, and a call waits until that is done.
 */
@Component(
    service = {TaskService.class, TaskUseCases.class},
    configurationPid = EngineConfig.PID)
public final class TaskUseCases implements TaskService {
  private static final Logger LOG = Logger.getLogger(TaskUseCases.class.getName());
  private static final Duration RECOVERY = Duration.ofSeconds(20);

  private final ContainerStore containers;
  private final SpecService specs;
  private final ShimService shims;
  private final EventLog events;
  private final RuntimeLookup runtimes;
  private final Duration launchDeadline;

  private final Map<TaskKey, TrackedTask> tasks = new ConcurrentHashMap<>();

  private final KeyedLocks<TaskKey> locks = new KeyedLocks<>();
  private final ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch recovered = new CountDownLatch(1);
  private final TaskExits exits;
  private final ShimDepartures departures;
  private final ShimService.Listening listening;
  private volatile boolean closing;

  /** Takes what shims report, and begins to ask them all. */
  @Activate
  public TaskUseCases(
      BundleContext context,
      EngineConfig config,
      @Reference ContainerStore containers,
      @Reference SpecService specs,
      @Reference ShimService shims,
      @Reference EventLog events,
      @Reference RuntimeLookup runtimes) {
    this.containers = containers;
    this.specs = specs;
    this.shims = shims;
    this.events = events;
    this.runtimes = runtimes;
    this.launchDeadline = Duration.ofSeconds(config.launch__deadline__seconds());
    this.exits = new TaskExits(events, EnginePaths.of(context));
    this.departures = new ShimDepartures(exits, background);
    this.listening = shims.listen(this::reported);
    background.execute(this::recover);
  }

  @Deactivate
  void close() {
    closing = true;
    departures.close();
    listening.close();
    background.shutdownNow();
    EngineException replaced =
        EngineException.unavailable("the engine is being replaced; ask again");
    for (TrackedTask task : tasks.values()) {
      for (TrackedProcess process : task.processes()) {
        process.ended.completeExceptionally(replaced);
      }
    }
  }

  private void recover() {
    try {
      new TaskRecovery(shims, exits).recover(tasks);
      for (TrackedTask task : tasks.values()) {
        task.processes().forEach(process -> watch(task, process));
      }
    } catch (RuntimeException e) {
      if (!closing) {
        LOG.log(Level.SEVERE, "recovery of tasks failed", e);
      }
    } finally {
      recovered.countDown();
    }
  }

  /** Waits until all shims were asked. */
  void awaitRecovered() {
    try {
      if (!recovered.await(RECOVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        throw EngineException.unavailable("running containers are still being found; try again");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait until running containers are found");
    }
  }

  private TrackedTask task(Scope scope, ContainerId id) {
    awaitRecovered();
    TrackedTask task = tasks.get(new TaskKey(scope.namespace(), id));
    if (task == null) {
      throw EngineException.notFound("container " + id + " has no task; start it first");
    }
    return task;
  }

  /** How many tasks run with a runtime. */
  int withRuntime(String name) {
    awaitRecovered();
    return (int)
        tasks.values().stream()
            .filter(task -> runtimes.resolve(task.runtime).equals(name))
            .filter(task -> task.state("").status() != TaskStatus.STOPPED)
            .count();
  }

  @Override
  public int create(Scope scope, ContainerId id, TaskCreate create) {
    awaitRecovered();
    TaskKey key = new TaskKey(scope.namespace(), id);
    ContainerRecord container = containers.get(scope, id);
    try (KeyedLocks.Held _ = locks.lock(key)) {
      departures.await(key);
      if (tasks.containsKey(key)) {
        throw EngineException.alreadyExists("container " + id + " has a task already");
      }
      TypedBytes spec = create.spec() == null ? container.spec() : create.spec();
      if (spec == null) {
        throw EngineException.precondition("container " + id + " has no spec; create it with one");
      }
      RuntimeLookup.Choice runtime = runtimes.choose(container.runtime());
      Shim shim =
          shims.launch(
              new ShimLaunch(
                  key.namespace(),
                  id,
                  runtime.name(),
                  runtime.shim(),
                  runtime.options(),
                  create.options() == null ? container.runtimeOptions() : create.options(),
                  specs.fitVersion(spec.value(), runtime.info().ociVersion()),
                  launchDeadline));
      int pid;
      try {
        pid = shim.create(create);
      } catch (RuntimeException e) {
        departures.destroy(key, shim);
        throw e;
      }
      Path bundle = shim.info().bundle();
      TrackedTask task = new TrackedTask(key, bundle.toString(), runtime.name(), shim);
      TrackedProcess process = task.add("", pid, TaskStatus.CREATED, create.io());
      tasks.put(key, task);
      events.publish(
          key.namespace(),
          new Event.TaskCreated(
              id.value(),
              task.bundle,
              create.io(),
              Objects.requireNonNullElse(create.checkpoint(), ""),
              pid));
      watch(task, process);
      return pid;
    }
  }

  private void watch(TrackedTask task, TrackedProcess process) {
    Shim shim = task.shimOrNull();
    if (shim == null || process.ended.isDone()) {
      return;
    }
    CompletableFuture<Exit> _ =
        shim.exit(process.execId)
            .whenCompleteAsync(
                (exit, failure) -> {
                  if (exit != null) {
                    exits.ended(task, process, exit);
                  } else if (process.execId.isEmpty() && !closing) {
                    lost(task, shim);
                  }
                },
                background);
  }

  /** The connection to a shim broke: it is dead, or it is asked again. */
  @SuppressWarnings("ReferenceEquality") // another connection is another one, whatever it says
  private void lost(TrackedTask task, Shim shim) {
    try (KeyedLocks.Held _ = locks.lock(task.key)) {
      if (closing || tasks.get(task.key) != task || task.shimOrNull() != shim) {
        return;
      }
      LOG.log(Level.WARNING, "shim lost container={0}", task.key);
      new TaskRecovery(shims, exits).again(task);
      task.processes().forEach(process -> watch(task, process));
    }
  }

  private void reported(org.felucca.api.Namespace namespace, Event event) {
    if (recovered.getCount() > 0) {
      throw EngineException.unavailable("running containers are still being found");
    }
    switch (event) {
      case Event.TaskExit exit -> {
        TrackedTask task = tasks.get(new TaskKey(namespace, new ContainerId(exit.containerId())));
        if (task != null) {
          exits.ended(
              task,
              exit.id().equals(exit.containerId()) ? "" : exit.id(),
              exit.pid(),
              new Exit(exit.exitStatus(), exit.exitedAt()));
        }
      }
      case Event.TaskOom oom -> events.publish(namespace, oom);
      case Event.Foreign foreign -> events.publish(namespace, foreign);
      default -> {
        // The engine tells of everything else itself, when the call that caused it is answered.
      }
    }
  }

  @Override
  public int start(Scope scope, ContainerId id, String execId) {
    TrackedTask task = task(scope, id);
    try (KeyedLocks.Held _ = locks.lock(task.key)) {
      TrackedProcess process = task.process(execId);
      synchronized (task) {
        if (process.status != TaskStatus.CREATED) {
          throw EngineException.precondition(
              "process "
                  + (execId.isEmpty() ? "" : execId + " ")
                  + "of container "
                  + id
                  + " was started already");
        }
        process.starting = true;
      }
      try {
        int pid = task.shim().start(execId);
        synchronized (task) {
          process.pid = pid;
          if (process.status == TaskStatus.CREATED) {
            process.status = TaskStatus.RUNNING;
          }
        }
        events.publish(
            task.key.namespace(),
            execId.isEmpty()
                ? new Event.TaskStart(id.value(), pid)
                : new Event.TaskExecStarted(id.value(), execId, pid));
        return pid;
      } finally {
        exits.started(task, process);
      }
    }
  }

  @Override
  public void exec(Scope scope, ContainerId id, String execId, TypedBytes spec, ProcessIo io) {
    TrackedTask task = task(scope, id);
    synchronized (task) {
      TaskStatus status = task.process("").status;
      if (status != TaskStatus.RUNNING) {
        throw EngineException.precondition(
            "container %s is %s, so nothing can be executed in it; start it first"
                .formatted(id, status.name().toLowerCase(java.util.Locale.ROOT)));
      }
    }
    TrackedProcess process = task.add(execId, 0, TaskStatus.CREATED, io);
    try {
      task.shim().exec(execId, spec, io);
    } catch (RuntimeException e) {
      task.remove(execId);
      throw e;
    }
    events.publish(task.key.namespace(), new Event.TaskExecAdded(id.value(), execId));
    watch(task, process);
  }

  @Override
  public void kill(Scope scope, ContainerId id, String execId, int signal, boolean all) {
    TrackedTask task = task(scope, id);
    TaskState state = task.state(execId);
    if (state.status() == TaskStatus.STOPPED) {
      throw EngineException.notFound("process of container " + id + " has ended");
    }
    task.shim().kill(execId, signal, all);
  }

  @Override
  public TaskState get(Scope scope, ContainerId id, String execId) {
    return task(scope, id).state(execId);
  }

  @Override
  public List<TaskState> list(Scope scope) {
    awaitRecovered();
    List<TaskState> states = new ArrayList<>();
    tasks.forEach(
        (key, task) -> {
          if (key.namespace().equals(scope.namespace())) {
            states.add(task.state(""));
          }
        });
    return states;
  }

  @Override
  public CompletableFuture<Exit> exit(Scope scope, ContainerId id, String execId) {
    return task(scope, id).process(execId).ended.copy();
  }

  @Override
  public Exit delete(Scope scope, ContainerId id, String execId) {
    TrackedTask task = task(scope, id);
    try (KeyedLocks.Held _ = locks.lock(task.key)) {
      TrackedProcess process = task.process(execId);
      TaskState state = task.state(execId);
      if (state.status() != TaskStatus.STOPPED && state.status() != TaskStatus.CREATED) {
        throw EngineException.precondition(
            "container %s is %s; stop it first"
                .formatted(id, state.status().name().toLowerCase(java.util.Locale.ROOT)));
      }
      Shim shim = task.shimOrNull();
      Exit exit = shim == null ? exits.known(task, process) : shim.delete(execId);
      Exit known = state.exit();
      if (known != null) {
        exit = known;
      } else {
        exits.ended(task, process, exit);
      }
      exits.awaitTold(process);
      events.publish(
          task.key.namespace(),
          new Event.TaskDelete(
              id.value(),
              execId.isEmpty() ? id.value() : execId,
              state.pid(),
              exit.status(),
              exit.at()));
      task.remove(execId);
      if (execId.isEmpty()) {
        exits.deleted(task.key);
        tasks.remove(task.key, task);
        if (shim == null) {
          exits.forget(task.key);
        } else {
          departures.begin(task.key, shim);
        }
      }
      return exit;
    }
  }

  @Override
  public List<ProcessDetails> pids(Scope scope, ContainerId id) {
    return task(scope, id).shim().pids();
  }

  @Override
  public void pause(Scope scope, ContainerId id) {
    TrackedTask task = task(scope, id);
    task.shim().pause();
    task.become(TaskStatus.RUNNING, TaskStatus.PAUSED);
    events.publish(task.key.namespace(), new Event.TaskPaused(id.value()));
  }

  @Override
  public void resume(Scope scope, ContainerId id) {
    TrackedTask task = task(scope, id);
    task.shim().resume();
    task.become(TaskStatus.PAUSED, TaskStatus.RUNNING);
    events.publish(task.key.namespace(), new Event.TaskResumed(id.value()));
  }

  @Override
  public void resize(Scope scope, ContainerId id, String execId, int columns, int rows) {
    task(scope, id).shim().resize(execId, columns, rows);
  }

  @Override
  public void closeStdin(Scope scope, ContainerId id, String execId) {
    task(scope, id).shim().closeStdin(execId);
  }

  @Override
  public void update(Scope scope, ContainerId id, TypedBytes resources) {
    task(scope, id).shim().update(resources);
  }

  @Override
  public TypedBytes metrics(Scope scope, ContainerId id) {
    return task(scope, id).shim().metrics();
  }
}
