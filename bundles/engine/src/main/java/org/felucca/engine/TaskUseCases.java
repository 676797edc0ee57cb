package org.felucca.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.ToIntBiFunction;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.runtime.RuntimeInfo;
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
import org.felucca.api.task.TaskUsage;
import org.felucca.api.trace.Trace;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Tasks over shims. */
@Component(
    service = {TaskService.class, TaskUseCases.class},
    configurationPid = EngineConfig.PID)
public final class TaskUseCases implements TaskService {
  private final ContainerStore containers;
  private final SpecService specs;
  private final ShimService shims;
  private final EventLog events;
  private final RuntimeLookup runtimes;
  private final Duration launchDeadline;

  private final PreparedSeccomp seccomp = new PreparedSeccomp();
  private final TaskExits exits;
  private final TaskPicture picture;

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
    this.picture = new TaskPicture(shims, events, exits);
  }

  @Deactivate
  void close() {
    picture.close();
  }

  /** Waits until all shims were asked. */
  void awaitRecovered() {
    picture.awaitRecovered();
  }

  /** How many tasks run with a runtime. */
  int withRuntime(String name) {
    return picture.running(runtime -> runtimes.resolve(runtime).equals(name));
  }

  @Override
  public int create(Scope scope, ContainerId id, TaskCreate create) {
    return begin(scope, id, create, Shim::create, TaskStatus.CREATED);
  }

  @Override
  public int run(Scope scope, ContainerId id, TaskCreate create) {
    return begin(scope, id, create, TaskUseCases::run, TaskStatus.RUNNING);
  }

  private static int run(Shim shim, TaskCreate create) {
    try {
      return shim.run(create);
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.UNIMPLEMENTED) {
        throw e;
      }
      int pid = shim.create(create);
      int started = shim.start("");
      return started == 0 ? pid : started;
    }
  }

  private int begin(
      Scope scope,
      ContainerId id,
      TaskCreate create,
      ToIntBiFunction<Shim, TaskCreate> beginning,
      TaskStatus status) {
    awaitRecovered();
    TaskKey key = new TaskKey(scope.namespace(), id);
    ContainerRecord container = containers.get(scope, id);
    try (KeyedLocks.Held _ = picture.lock(key)) {
      picture.departures().await(key);
      if (picture.has(key)) {
        throw EngineException.alreadyExists("container " + id + " has a task already");
      }
      TypedBytes spec = create.spec() == null ? container.spec() : create.spec();
      if (spec == null) {
        throw EngineException.precondition("container " + id + " has no spec; create it with one");
      }
      RuntimeLookup.Choice runtime =
          runtimes.choose(create.runtime() == null ? container.runtime() : create.runtime());
      TypedBytes options = given(create.options()) ? create.options() : container.runtimeOptions();
      PreparedSeccomp.Fitted fitted =
          seccomp.fit(key, runtime, fit(spec.value(), runtime, given(options)), options);
      Trace.mark("spec fitted");
      Shim shim =
          shims.launch(
              new ShimLaunch(
                  key.namespace(),
                  id,
                  runtime.name(),
                  runtime.shim(),
                  runtime.options(),
                  options,
                  fitted.spec(),
                  launchDeadline));
      int pid;
      try {
        pid = beginning.applyAsInt(shim, create);
        fitted.made();
        Trace.mark("container runs");
      } catch (RuntimeException e) {
        picture.departures().destroy(key, shim);
        throw e;
      }
      Path bundle = shim.info().bundle();
      TrackedTask task = new TrackedTask(key, bundle.toString(), runtime.name(), shim);
      TrackedProcess process = task.add("", pid, status, create.io());
      process.starting = status == TaskStatus.RUNNING;
      picture.add(task);
      events.publish(
          key.namespace(),
          new Event.TaskCreated(
              id.value(),
              task.bundle,
              create.rootfs(),
              create.io(),
              Objects.requireNonNullElse(create.checkpoint(), ""),
              pid));
      if (status == TaskStatus.RUNNING) {
        events.publish(key.namespace(), new Event.TaskStart(id.value(), pid));
        exits.started(task, process);
      }
      picture.watch(task, process);
      return pid;
    }
  }

  private static boolean given(@Nullable TypedBytes options) {
    return options != null && !options.typeUrl().isEmpty();
  }

  /** Options of a client may name another binary than the runtime's: one that all of them take. */
  private byte[] fit(byte[] spec, RuntimeLookup.Choice runtime, boolean anyBinary) {
    RuntimeInfo info = runtime.info();
    if (info == null) {
      return spec;
    }
    byte[] fitting = specs.fitVersion(spec, info.ociVersion());
    if (anyBinary) {
      for (String version : runtimes.ociVersions()) {
        fitting = specs.fitVersion(fitting, version);
      }
    }
    return fitting;
  }

  @Override
  public int start(Scope scope, ContainerId id, String execId) {
    TrackedTask task = picture.task(scope, id);
    try (KeyedLocks.Held _ = picture.lock(task.key)) {
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
    TrackedTask task = picture.task(scope, id);
    String checked = Identifiers.check("id of a process", execId);
    synchronized (task) {
      TaskStatus status = task.process("").status;
      if (status != TaskStatus.RUNNING) {
        throw EngineException.precondition(
            "container %s is %s, so nothing can be executed in it; let it run first"
                .formatted(id, status.name().toLowerCase(Locale.ROOT)));
      }
    }
    TrackedProcess process = task.add(checked, 0, TaskStatus.CREATED, io);
    try {
      task.shim().exec(checked, spec, io);
    } catch (RuntimeException e) {
      task.remove(checked);
      throw e;
    }
    events.publish(task.key.namespace(), new Event.TaskExecAdded(id.value(), checked));
    picture.watch(task, process);
  }

  @Override
  public void kill(Scope scope, ContainerId id, String execId, int signal, boolean all) {
    TrackedTask task = picture.task(scope, id);
    TaskState state = task.state(execId);
    if (state.status() == TaskStatus.STOPPED) {
      throw EngineException.notFound("process of container " + id + " has ended");
    }
    task.shim().kill(execId, signal, all);
  }

  @Override
  public TaskState get(Scope scope, ContainerId id, String execId) {
    return picture.task(scope, id).state(execId);
  }

  @Override
  public List<TaskState> list(Scope scope) {
    return picture.list(scope);
  }

  @Override
  public CompletableFuture<Exit> exit(Scope scope, ContainerId id, String execId) {
    return picture.task(scope, id).process(execId).ended.copy();
  }

  @Override
  public Exit delete(Scope scope, ContainerId id, String execId) {
    TrackedTask task = picture.task(scope, id);
    try (KeyedLocks.Held _ = picture.lock(task.key)) {
      TrackedProcess process = task.process(execId);
      TaskState state = task.state(execId);
      if (state.status() != TaskStatus.STOPPED && state.status() != TaskStatus.CREATED) {
        throw EngineException.precondition(
            "container %s is %s; stop it first"
                .formatted(id, state.status().name().toLowerCase(Locale.ROOT)));
      }
      Shim shim = task.shimOrNull();
      Exit exit = shim == null ? exits.known(task, process) : deleted(shim, execId, state.exit());
      Trace.mark("runtime has deleted it");
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
      if (!execId.isEmpty()) {
        exits.forget(task.key, execId);
      } else {
        exits.deleted(task.key);
        picture.remove(task);
        if (shim == null) {
          exits.forget(task.key);
        } else {
          picture.departures().begin(task.key, shim);
        }
      }
      return exit;
    }
  }

  /** A shim that does not know an ended process any more has answered a call that was given up. */
  private static Exit deleted(Shim shim, String execId, @Nullable Exit known) {
    try {
      return shim.delete(execId);
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND && known != null) {
        return known;
      }
      throw e;
    }
  }

  @Override
  public List<ProcessDetails> pids(Scope scope, ContainerId id) {
    return picture.task(scope, id).shim().pids();
  }

  @Override
  public void pause(Scope scope, ContainerId id) {
    TrackedTask task = picture.task(scope, id);
    task.shim().pause();
    task.become(TaskStatus.RUNNING, TaskStatus.PAUSED);
    events.publish(task.key.namespace(), new Event.TaskPaused(id.value()));
  }

  @Override
  public void resume(Scope scope, ContainerId id) {
    TrackedTask task = picture.task(scope, id);
    task.shim().resume();
    task.become(TaskStatus.PAUSED, TaskStatus.RUNNING);
    events.publish(task.key.namespace(), new Event.TaskResumed(id.value()));
  }

  @Override
  public void resize(Scope scope, ContainerId id, String execId, int columns, int rows) {
    picture.task(scope, id).shim().resize(execId, columns, rows);
  }

  @Override
  public void closeStdin(Scope scope, ContainerId id, String execId) {
    picture.task(scope, id).shim().closeStdin(execId);
  }

  @Override
  public void checkpoint(Scope scope, ContainerId id, String folder, @Nullable TypedBytes options) {
    TrackedTask task = picture.task(scope, id);
    task.shim().checkpoint(folder, options);
    events.publish(task.key.namespace(), new Event.TaskCheckpointed(id.value(), folder));
  }

  @Override
  public void update(
      Scope scope, ContainerId id, TypedBytes resources, Map<String, String> annotations) {
    picture.task(scope, id).shim().update(resources, annotations);
  }

  @Override
  public TypedBytes metrics(Scope scope, ContainerId id) {
    return picture.task(scope, id).shim().metrics();
  }

  @Override
  public TaskUsage usage(Scope scope, ContainerId id) {
    return picture.task(scope, id).shim().usage();
  }
}
