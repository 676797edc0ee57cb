package org.felucca.api.containerd;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.containerd.wire.runc.CheckpointOptions;
import org.felucca.api.containerd.wire.runc.Options;
import org.felucca.api.containerd.wire.runc.ProcessDetails;
import org.felucca.api.containerd.wire.tasks.CheckpointTaskRequest;
import org.felucca.api.containerd.wire.tasks.CheckpointTaskResponse;
import org.felucca.api.containerd.wire.tasks.CloseIORequest;
import org.felucca.api.containerd.wire.tasks.CreateTaskRequest;
import org.felucca.api.containerd.wire.tasks.CreateTaskResponse;
import org.felucca.api.containerd.wire.tasks.DeleteProcessRequest;
import org.felucca.api.containerd.wire.tasks.DeleteResponse;
import org.felucca.api.containerd.wire.tasks.DeleteTaskRequest;
import org.felucca.api.containerd.wire.tasks.ExecProcessRequest;
import org.felucca.api.containerd.wire.tasks.GetRequest;
import org.felucca.api.containerd.wire.tasks.GetResponse;
import org.felucca.api.containerd.wire.tasks.KillRequest;
import org.felucca.api.containerd.wire.tasks.ListPidsRequest;
import org.felucca.api.containerd.wire.tasks.ListPidsResponse;
import org.felucca.api.containerd.wire.tasks.ListTasksRequest;
import org.felucca.api.containerd.wire.tasks.ListTasksResponse;
import org.felucca.api.containerd.wire.tasks.MetricsRequest;
import org.felucca.api.containerd.wire.tasks.MetricsResponse;
import org.felucca.api.containerd.wire.tasks.PauseTaskRequest;
import org.felucca.api.containerd.wire.tasks.Process;
import org.felucca.api.containerd.wire.tasks.ProcessInfo;
import org.felucca.api.containerd.wire.tasks.ResizePtyRequest;
import org.felucca.api.containerd.wire.tasks.ResumeTaskRequest;
import org.felucca.api.containerd.wire.tasks.StartRequest;
import org.felucca.api.containerd.wire.tasks.StartResponse;
import org.felucca.api.containerd.wire.tasks.Status;
import org.felucca.api.containerd.wire.tasks.TasksGrpc;
import org.felucca.api.containerd.wire.tasks.UpdateTaskRequest;
import org.felucca.api.containerd.wire.tasks.WaitRequest;
import org.felucca.api.containerd.wire.tasks.WaitResponse;
import org.felucca.api.containerd.wire.types.Metric;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskCreate;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filters;
import org.felucca.swap.Swap;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Tasks: fifos and URIs are the client's and go to the shim as they are. */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.tasks.v1.Tasks")
public final class TasksService implements BindableService {
  private static final Logger LOG = Logger.getLogger(TasksService.class.getName());

  private final Swap<TaskService> tasks;
  private final Swap<ContainerStore> containers;
  private final Swap<SnapshotService> snapshots;

  /** With the ways to what it adapts. */
  @Activate
  public TasksService(BundleContext context) {
    this.tasks = Entrance.to(context, TaskService.class);
    this.containers = Entrance.to(context, ContainerStore.class);
    this.snapshots = Entrance.to(context, SnapshotService.class);
  }

  @Deactivate
  void close() {
    tasks.close();
    containers.close();
    snapshots.close();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(TasksGrpc.getServiceDescriptor())
        .addMethod(TasksGrpc.getCreateMethod(), Methods.unary(this::create))
        .addMethod(TasksGrpc.getStartMethod(), Methods.unary(this::start))
        .addMethod(TasksGrpc.getDeleteMethod(), Methods.unary(this::delete))
        .addMethod(TasksGrpc.getDeleteProcessMethod(), Methods.unary(this::deleteProcess))
        .addMethod(TasksGrpc.getGetMethod(), Methods.unary(this::get))
        .addMethod(TasksGrpc.getListMethod(), Methods.unary(this::list))
        .addMethod(TasksGrpc.getKillMethod(), Methods.unary(this::kill))
        .addMethod(TasksGrpc.getExecMethod(), Methods.unary(this::exec))
        .addMethod(TasksGrpc.getResizePtyMethod(), Methods.unary(this::resize))
        .addMethod(TasksGrpc.getCloseIOMethod(), Methods.unary(this::closeIo))
        .addMethod(TasksGrpc.getPauseMethod(), Methods.unary(this::pause))
        .addMethod(TasksGrpc.getResumeMethod(), Methods.unary(this::resume))
        .addMethod(TasksGrpc.getListPidsMethod(), Methods.unary(this::pids))
        .addMethod(TasksGrpc.getCheckpointMethod(), Methods.unary(this::checkpoint))
        .addMethod(TasksGrpc.getUpdateMethod(), Methods.unary(this::update))
        .addMethod(TasksGrpc.getMetricsMethod(), Methods.unary(this::metrics))
        .addMethod(TasksGrpc.getWaitMethod(), Methods.unary(this::await))
        .build();
  }

  /** No container has an id that is none, so that is not found, as it is in containerd. */
  private static ContainerId id(String text) {
    try {
      return new ContainerId(text);
    } catch (EngineException e) {
      throw new EngineException(ErrorKind.NOT_FOUND, "container not found: " + e.getMessage(), e);
    }
  }

  private CreateTaskResponse create(CreateTaskRequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    if (!request.getTaskApiAddress().isEmpty()) {
      throw new EngineException(
          ErrorKind.UNIMPLEMENTED,
          "create the task of %s by the task service at %s: Felucca starts a shim for each container"
              .formatted(id, request.getTaskApiAddress()));
    }
    if (request.hasCheckpoint() && !request.getCheckpoint().getDigest().isEmpty()) {
      throw new EngineException(
          ErrorKind.UNIMPLEMENTED,
          "create the task of %s from checkpoint %s of the content store: give the checkpoint as a folder, by the option criu_image_path"
              .formatted(id, request.getCheckpoint().getDigest()));
    }
    List<Mount> rootfs = Wire.mounts(request.getRootfsList());
    TaskCreate create =
        new TaskCreate(
            rootfs.isEmpty() ? snapshot(scope, id) : rootfs,
            new ProcessIo(
                request.getStdin(),
                request.getStdout(),
                request.getStderr(),
                request.getTerminal()),
            given(request.getOptions()),
            checkpoint(request.getOptions()),
            null,
            Wire.orNull(request.getRuntimePath()));
    int pid = tasks.use(service -> service.create(scope, id, create));
    return CreateTaskResponse.newBuilder().setContainerId(id.value()).setPid(pid).build();
  }

  /** Clients pass the mounts; for one that does not, they are those of the container's snapshot. */
  private List<Mount> snapshot(Scope scope, ContainerId id) {
    ContainerRecord container = containers.use(store -> store.get(scope, id));
    return container.snapshotKey().isEmpty()
        ? List.of()
        : snapshots.use(
            service -> service.mounts(scope, container.snapshotter(), container.snapshotKey()));
  }

  /** Empty options are none, so that those of the container's record count. */
  private static @Nullable TypedBytes given(Any options) {
    return options.getTypeUrl().isEmpty() ? null : Wire.bare(options);
  }

  private static @Nullable String checkpoint(Any options) {
    TypedBytes given = given(options);
    if (given == null || !given.typeUrl().equals(Options.getDescriptor().getFullName())) {
      return null;
    }
    try {
      return Wire.orNull(Options.parseFrom(given.value()).getCriuImagePath());
    } catch (InvalidProtocolBufferException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT, "the task's options do not parse: " + e.getMessage(), e);
    }
  }

  private StartResponse start(StartRequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    int pid = tasks.use(service -> service.start(scope, id, request.getExecId()));
    return StartResponse.newBuilder().setPid(pid).build();
  }

  private DeleteResponse delete(DeleteTaskRequest request, CallContext call) {
    return delete(call.scope(), id(request.getContainerId()), "");
  }

  private DeleteResponse deleteProcess(DeleteProcessRequest request, CallContext call) {
    if (request.getExecId().isEmpty()) {
      throw EngineException.invalid("the id of the process is empty; Delete takes the whole task");
    }
    return delete(call.scope(), id(request.getContainerId()), request.getExecId());
  }

  private DeleteResponse delete(Scope scope, ContainerId id, String execId) {
    return tasks.use(
        service -> {
          int pid = service.get(scope, id, execId).pid();
          Exit exit = service.delete(scope, id, execId);
          return DeleteResponse.newBuilder()
              .setId(execId)
              .setPid(pid)
              .setExitStatus(exit.status())
              .setExitedAt(Wire.time(exit.at()))
              .build();
        });
  }

  private GetResponse get(GetRequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    TaskState state = tasks.use(service -> service.get(scope, id, request.getExecId()));
    return GetResponse.newBuilder().setProcess(process(state)).build();
  }

  private ListTasksResponse list(ListTasksRequest request, CallContext call) {
    Scope scope = call.scope();
    return ListTasksResponse.newBuilder()
        .addAllTasks(
            tasks.use(service -> service.list(scope)).stream().map(TasksService::process).toList())
        .build();
  }

  private static Process process(TaskState state) {
    ProcessIo io = state.io();
    Process.Builder process =
        Process.newBuilder()
            .setId(state.execId().isEmpty() ? state.container().value() : state.execId())
            .setPid(state.pid())
            .setStatus(status(state.status()))
            .setStdin(io.stdin())
            .setStdout(io.stdout())
            .setStderr(io.stderr())
            .setTerminal(io.terminal());
    Exit exit = state.exit();
    if (exit != null) {
      process.setExitStatus(exit.status()).setExitedAt(Wire.time(exit.at()));
    }
    return process.build();
  }

  private static Status status(TaskStatus status) {
    return switch (status) {
      case UNKNOWN -> Status.UNKNOWN;
      case CREATED -> Status.CREATED;
      case RUNNING -> Status.RUNNING;
      case STOPPED -> Status.STOPPED;
      case PAUSED -> Status.PAUSED;
      case PAUSING -> Status.PAUSING;
    };
  }

  private Empty kill(KillRequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    return done(
        service ->
            service.kill(scope, id, request.getExecId(), request.getSignal(), request.getAll()));
  }

  private Empty exec(ExecProcessRequest request, CallContext call) {
    if (request.getExecId().isEmpty()) {
      throw EngineException.invalid("the id of the process is empty; give one");
    }
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    ProcessIo io =
        new ProcessIo(
            request.getStdin(), request.getStdout(), request.getStderr(), request.getTerminal());
    return done(
        service -> service.exec(scope, id, request.getExecId(), Wire.typed(request.getSpec()), io));
  }

  private Empty resize(ResizePtyRequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    return done(
        service ->
            service.resize(
                scope, id, request.getExecId(), request.getWidth(), request.getHeight()));
  }

  private Empty closeIo(CloseIORequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    return done(
        service -> {
          if (request.getStdin()) {
            service.closeStdin(scope, id, request.getExecId());
          } else {
            TaskState unchanged = service.get(scope, id, request.getExecId());
            LOG.log(Level.FINEST, "nothing to close process={0}", unchanged);
          }
        });
  }

  private Empty pause(PauseTaskRequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    return done(service -> service.pause(scope, id));
  }

  private Empty resume(ResumeTaskRequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    return done(service -> service.resume(scope, id));
  }

  /** What is done and answers nothing. */
  @FunctionalInterface
  private interface Deed {
    void to(TaskService service);
  }

  private Empty done(Deed deed) {
    return tasks.use(
        service -> {
          deed.to(service);
          return Empty.getDefaultInstance();
        });
  }

  private ListPidsResponse pids(ListPidsRequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    ListPidsResponse.Builder response = ListPidsResponse.newBuilder();
    for (var details : tasks.use(service -> service.pids(scope, id))) {
      ProcessInfo.Builder process = response.addProcessesBuilder().setPid(details.pid());
      String execId = details.execId();
      if (execId != null) {
        process.setInfo(Wire.any(ProcessDetails.newBuilder().setExecId(execId).build()));
      }
    }
    return response.build();
  }

  private CheckpointTaskResponse checkpoint(CheckpointTaskRequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    TypedBytes options = given(request.getOptions());
    String folder = null;
    try {
      if (options != null
          && options.typeUrl().equals(CheckpointOptions.getDescriptor().getFullName())) {
        folder = Wire.orNull(CheckpointOptions.parseFrom(options.value()).getImagePath());
      }
    } catch (InvalidProtocolBufferException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT,
          "the checkpoint's options do not parse: " + e.getMessage(),
          e);
    }
    if (folder == null) {
      TaskState task = tasks.use(service -> service.get(scope, id, ""));
      throw new EngineException(
          ErrorKind.UNIMPLEMENTED,
          "checkpoint %s into the content store: Felucca writes checkpoints into a folder only; name one (ctr: --image-path)"
              .formatted(task.container()));
    }
    String where = folder;
    done(service -> service.checkpoint(scope, id, where, options));
    return CheckpointTaskResponse.getDefaultInstance();
  }

  private Empty update(UpdateTaskRequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    return done(
        service ->
            service.update(
                scope, id, Wire.bare(request.getResources()), request.getAnnotationsMap()));
  }

  private MetricsResponse metrics(MetricsRequest request, CallContext call) {
    Scope scope = call.scope();
    Predicate<Fields> filter = Filters.parseAll(request.getFiltersList());
    List<Metric> metrics = new ArrayList<>();
    for (TaskState task : tasks.use(service -> service.list(scope))) {
      if (filter.test(fields(scope, task))) {
        metric(scope, task).ifPresent(metrics::add);
      }
    }
    return MetricsResponse.newBuilder().addAllMetrics(metrics).build();
  }

  private static Fields fields(Scope scope, TaskState task) {
    return path ->
        switch (path.getFirst()) {
          case "id" -> Optional.of(task.container().value());
          case "namespace" -> Optional.of(scope.namespace().value());
          default -> Optional.empty();
        };
  }

  /** One that has just ended, or does not answer, is no reason to know nothing of the others. */
  private Optional<Metric> metric(Scope scope, TaskState task) {
    Instant now = Instant.now();
    try {
      TypedBytes figures = tasks.use(service -> service.metrics(scope, task.container()));
      return Optional.of(
          Metric.newBuilder()
              .setTimestamp(Wire.time(now))
              .setId(task.container().value())
              .setData(Wire.any(figures))
              .build());
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.CANCELLED) {
        throw e;
      }
      LOG.log(
          task.status() == TaskStatus.RUNNING && e.kind() != ErrorKind.NOT_FOUND
              ? Level.WARNING
              : Level.FINE,
          "no metrics container={0} reason={1}",
          new Object[] {task.container(), e.getMessage()});
      return Optional.empty();
    }
  }

  private WaitResponse await(WaitRequest request, CallContext call) {
    Scope scope = call.scope();
    ContainerId id = id(request.getContainerId());
    while (true) {
      CompletableFuture<Exit> exit =
          tasks.use(service -> service.exit(scope, id, request.getExecId()));
      try {
        Exit end = exit.get();
        return WaitResponse.newBuilder()
            .setExitStatus(end.status())
            .setExitedAt(Wire.time(end.at()))
            .build();
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof EngineException failure)) {
          throw new EngineException(
              ErrorKind.INTERNAL, "wait for the end of " + id + ": " + e.getCause(), e);
        }
        if (failure.kind() != ErrorKind.UNAVAILABLE) {
          throw failure;
        }
        // The engine is being replaced; the next one is asked again.
      } catch (InterruptedException e) {
        exit.cancel(false);
        Thread.currentThread().interrupt();
        throw new EngineException(ErrorKind.CANCELLED, "wait for the end of " + id, e);
      }
    }
  }
}
