package org.felucca.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.Attachment;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerService;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.container.ContainerView;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.ExecOptions;
import org.felucca.api.container.LogQuery;
import org.felucca.api.container.LogSink;
import org.felucca.api.container.LogState;
import org.felucca.api.container.RestartPolicy;
import org.felucca.api.event.EventLog;
import org.felucca.api.gc.Collector;
import org.felucca.api.image.ImageService;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.namespace.NamespaceStore;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.spec.SpecService;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.oci.RuntimeSpec;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** What people do with containers. */
@Component(
    service = {ContainerService.class, ContainerUseCases.class},
    configurationPid = EngineConfig.PID)
public final class ContainerUseCases implements ContainerService {
  private static final Logger LOG = Logger.getLogger(ContainerUseCases.class.getName());

  /** How long a logger may take to write the rest; see {@link #awaitLogger}. */
  private static final Duration LOGGER_END = Duration.ofSeconds(5);

  private static final long LOGGER_PAUSE_MILLIS = 5;
  private static final Duration RECOVERY = Duration.ofSeconds(20);

  private final ContainerStore containers;
  private final TaskService tasks;
  private final SpecService specs;
  private final EnginePaths paths;
  private final ContainerLogs logs;
  private final ContainerCreation creation;
  private final ContainerLifecycle lifecycle;
  private final ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();
  private final ExecutorService disk =
      Executors.newFixedThreadPool(
          2, Thread.ofPlatform().daemon().name("felucca-engine-disk-", 0).factory());
  private final CountDownLatch recovered = new CountDownLatch(1);
  private volatile boolean closing;

  /**
   * With the parts below; makes good in the background what an engine before this one did not
   * finish.
   */
  @Activate
  public ContainerUseCases(
      BundleContext context,
      EngineConfig config,
      @Reference ContainerStore containers,
      @Reference NamespaceStore namespaces,
      @Reference SnapshotService snapshots,
      @Reference ImageService images,
      @Reference TaskUseCases tasks,
      @Reference SpecService specs,
      @Reference LeaseStore leases,
      @Reference EventLog events,
      @Reference Collector collector,
      @Reference RuntimeLookup runtimes,
      @Reference VolumeUseCases volumes) {
    this.containers = containers;
    this.tasks = tasks;
    this.specs = specs;
    this.paths = EnginePaths.of(context);
    this.logs =
        new ContainerLogs(
            paths,
            new LogDrivers(
                config.log__driver(),
                config.log__options(),
                Path.of(config.log__journald__socket())),
            disk);
    this.creation =
        new ContainerCreation(
            images,
            snapshots,
            containers,
            specs,
            runtimes,
            volumes,
            paths,
            new NamespaceDefaults(namespaces, snapshots, config.default__snapshotter()),
            logs,
            new SelfRemovals(containers, tasks));
    EngineRun run = EngineRun.of(context);
    ExitFiles exitFiles = new ExitFiles(paths.exits());
    this.lifecycle =
        new ContainerLifecycle(
            containers,
            snapshots,
            tasks,
            paths,
            exitFiles,
            events,
            background,
            () -> closing,
            run,
            logs,
            specs,
            volumes);
    Sweep sweep =
        new Sweep(
            containers, snapshots, paths, tasks, leases, collector, config.default__snapshotter());
    ContainerRecovery recovery =
        new ContainerRecovery(
            containers, lifecycle, exitFiles, new CommitPauses(tasks, paths), run);
    background.execute(
        () -> {
          try {
            tasks.awaitRecovered();
            sweep.sweep(namespaces.list());
            namespaces.list().forEach(recovery::recover);
          } catch (RuntimeException e) {
            if (!closing) {
              LOG.log(Level.SEVERE, "recovery of containers failed", e);
            }
          } finally {
            recovered.countDown();
          }
          sweep.collect();
        });
  }

  @Deactivate
  void close() {
    closing = true;
    background.shutdownNow();
    disk.shutdownNow();
  }

  /** What happens to containers between their creation and their removal. */
  ContainerLifecycle lifecycle() {
    return lifecycle;
  }

  /** Waits until leftovers of an engine before this one are cleared away. */
  void awaitRecovered() {
    try {
      if (!recovered.await(RECOVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        throw EngineException.unavailable("containers are still being recovered; try again");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait until containers are recovered");
    }
  }

  @Override
  public ContainerRecord create(Scope scope, CreateOptions options) {
    awaitRecovered();
    return creation.create(scope, options);
  }

  @Override
  public ContainerRecord find(Scope scope, String text) {
    return ContainerSearch.find(containers, scope, text);
  }

  @Override
  public ContainerView inspect(Scope scope, ContainerId id) {
    ContainerView view = view(scope, containers.get(scope, id), lifecycle.task(scope, id));
    return view.health() == null
        ? view.withHealth(lifecycle.health().last(new TaskKey(scope.namespace(), id)))
        : view;
  }

  /** A container that has ended and gave its task up still shows how it ended. */
  private ContainerView view(Scope scope, ContainerRecord container, @Nullable TaskState task) {
    ManagedState state = ManagedState.of(container);
    ManagedOptions options = ManagedOptions.of(container);
    TaskState shown = task;
    Exit exit = state == null ? null : state.exit();
    if (shown == null && exit != null) {
      shown = new TaskState(container.id(), "", 0, TaskStatus.STOPPED, ProcessIo.NONE, exit, "");
    }
    return new ContainerView(
        container,
        shown,
        startedAt(state),
        command(scope, container, options),
        options == null ? RestartPolicy.NO : options.life().restart(),
        state == null ? 0 : state.restarts(),
        lifecycle.isRestarting(container, task),
        ranOutOfMemory(scope, container, shown),
        lifecycle.health().of(new TaskKey(scope.namespace(), container.id())));
  }

  /** Looked for only where it may be, for a list asks for many. */
  private boolean ranOutOfMemory(Scope scope, ContainerRecord container, @Nullable TaskState task) {
    Exit exit = task == null ? null : task.exit();
    return task != null
        && (exit == null || exit.status() != 0)
        && Files.exists(paths.outOfMemory(scope.namespace(), container.id()));
  }

  /** From the options; else, for what another client made, from the spec, which a list lacks. */
  private List<String> command(
      Scope scope, ContainerRecord container, @Nullable ManagedOptions options) {
    if (options != null && options.command() != null) {
      return options.command();
    }
    try {
      TypedBytes spec =
          container.spec() == null
              ? containers.get(scope, container.id()).spec()
              : container.spec();
      return spec == null ? List.of() : RuntimeSpec.parse(spec.value()).args();
    } catch (EngineException e) {
      return List.of(); // it went meanwhile, or nobody understands its spec
    }
  }

  private static @Nullable Instant startedAt(@Nullable ManagedState state) {
    return state == null ? null : state.startedAt();
  }

  @Override
  public List<ContainerView> list(Scope scope, List<String> filters) {
    Map<ContainerId, TaskState> running = new HashMap<>();
    tasks.list(scope).forEach(task -> running.put(task.container(), task));
    List<ContainerView> views = new ArrayList<>();
    for (ContainerRecord container : containers.listWithoutSpecs(scope, filters)) {
      views.add(view(scope, container, running.get(container.id())));
    }
    return views;
  }

  @Override
  public Attachment attach(Scope scope, ContainerId id) {
    return lifecycle.attach(scope, containers.get(scope, id));
  }

  @Override
  public int start(Scope scope, ContainerId id) {
    awaitRecovered();
    return lifecycle.start(scope, id);
  }

  @Override
  public CompletableFuture<Exit> exit(Scope scope, ContainerId id) {
    return lifecycle.exit(scope, id);
  }

  @Override
  public String exec(Scope scope, ContainerId id, ExecOptions options) {
    ContainerRecord container = containers.get(scope, id);
    TypedBytes spec = container.spec();
    TaskState task = lifecycle.task(scope, id);
    if (task != null && task.status() == TaskStatus.PAUSED) {
      throw EngineException.precondition(
          "container %s is paused, so nothing can be executed in it; let it go on by 'felucca unpause %s'"
              .formatted(container.name(), container.name()));
    }
    if (task == null || task.status() == TaskStatus.STOPPED || spec == null) {
      throw EngineException.precondition(
          "container %s does not run; start it by 'felucca start %s'"
              .formatted(container.name(), container.name()));
    }
    byte[] process = specs.process(spec.value(), options, Path.of(task.bundle()).resolve("rootfs"));
    String execId = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    ProcessFifos fifos =
        new ProcessFifos(
            paths.exec(scope.namespace(), id, execId), options.stdin(), options.terminal());
    ProcessIo io =
        options.attached() ? fifos.make().direct() : new ProcessIo("", "", "", options.terminal());
    try {
      tasks.exec(scope, id, execId, new TypedBytes(TypedBytes.OCI_PROCESS, process), io);
      if (!options.attached()) {
        forgetWhenEnded(scope, id, execId);
      }
    } catch (RuntimeException e) {
      FileTrees.delete(fifos.folder());
      throw e;
    }
    return execId;
  }

  private void forgetWhenEnded(Scope scope, ContainerId id, String execId) {
    CompletableFuture<Exit> _ =
        tasks
            .exit(scope, id, execId)
            .whenCompleteAsync(
                (exit, failure) -> {
                  if (exit != null && !closing) {
                    try {
                      deleteExec(scope, id, execId);
                    } catch (EngineException e) {
                      LOG.log(Level.FINE, "process gone with its container exec={0}", execId);
                    }
                  }
                },
                background);
  }

  @Override
  public Attachment execAttachment(Scope scope, ContainerId id, String execId) {
    ProcessIo io = tasks.get(scope, id, execId).io();
    return new ProcessFifos(
            paths.exec(scope.namespace(), id, execId), !io.stdin().isEmpty(), io.terminal())
        .attachment();
  }

  @Override
  public int startExec(Scope scope, ContainerId id, String execId) {
    return tasks.start(scope, id, execId);
  }

  @Override
  public Exit deleteExec(Scope scope, ContainerId id, String execId) {
    Exit exit = tasks.delete(scope, id, execId);
    FileTrees.delete(paths.exec(scope.namespace(), id, execId));
    return exit;
  }

  @Override
  public Exit stop(
      Scope scope, ContainerId id, @Nullable Integer signal, @Nullable Duration grace) {
    return lifecycle.end().stop(scope, id, signal, grace);
  }

  @Override
  public void remove(Scope scope, ContainerId id, boolean force) {
    awaitRecovered();
    lifecycle.end().remove(scope, id, force);
  }

  @Override
  public void logs(Scope scope, ContainerId id, LogQuery query, LogSink sink) {
    ContainerRecord container = containers.get(scope, id);
    ManagedOptions options = ContainerLifecycle.options(container);
    awaitLogger(scope, container);
    logs.read(
        new TaskKey(scope.namespace(), id),
        container,
        options,
        query,
        sink,
        () -> lifecycle.task(scope, id) == null);
  }

  @Override
  public LogState logState(Scope scope, ContainerId id) {
    return logs.state(
        new TaskKey(scope.namespace(), id), ContainerLifecycle.options(containers.get(scope, id)));
  }

  /**
   * The last line, if it does not end with a newline, is written when the logger ends, which it
   * does between the end of the process and that of its task.
   */
  private void awaitLogger(Scope scope, ContainerRecord container) {
    long deadline = System.nanoTime() + LOGGER_END.toNanos();
    TaskState task = lifecycle.task(scope, container.id());
    while (task != null && task.status() == TaskStatus.STOPPED && System.nanoTime() < deadline) {
      try {
        Thread.sleep(LOGGER_PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw EngineException.cancelled("read the log of container " + container.name());
      }
      task = lifecycle.task(scope, container.id());
    }
  }
}
