package org.felucca.shim;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.InvalidProtocolBufferException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.shim.Shim;
import org.felucca.api.shim.ShimInfo;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessDetails;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskCreate;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.api.task.TaskUsage;
import org.felucca.linux.ProcessId;
import org.felucca.shim.wire.task.CheckpointTaskRequest;
import org.felucca.shim.wire.task.CloseIORequest;
import org.felucca.shim.wire.task.CreateTaskRequest;
import org.felucca.shim.wire.task.CreateTaskResponse;
import org.felucca.shim.wire.task.DeleteRequest;
import org.felucca.shim.wire.task.DeleteResponse;
import org.felucca.shim.wire.task.ExecProcessRequest;
import org.felucca.shim.wire.task.KillRequest;
import org.felucca.shim.wire.task.PauseRequest;
import org.felucca.shim.wire.task.PidsRequest;
import org.felucca.shim.wire.task.PidsResponse;
import org.felucca.shim.wire.task.ResizePtyRequest;
import org.felucca.shim.wire.task.ResumeRequest;
import org.felucca.shim.wire.task.ShutdownRequest;
import org.felucca.shim.wire.task.StartRequest;
import org.felucca.shim.wire.task.StartResponse;
import org.felucca.shim.wire.task.StateRequest;
import org.felucca.shim.wire.task.StateResponse;
import org.felucca.shim.wire.task.StatsRequest;
import org.felucca.shim.wire.task.StatsResponse;
import org.felucca.shim.wire.task.UpdateTaskRequest;
import org.felucca.shim.wire.task.WaitRequest;
import org.felucca.shim.wire.task.WaitResponse;
import org.felucca.shim.wire.types.Mount;
import org.felucca.shim.wire.types.ProcessInfo;
import org.jspecify.annotations.Nullable;

/** A shim that answers. */
final class ConnectedShim implements Shim {
  private static final Logger LOG = Logger.getLogger(ConnectedShim.class.getName());
  private static final String PROCESS_DETAILS = "containerd.runc.v1.ProcessDetails";

  private final ShimInfo info;
  private final String id;
  private final BundleFolder bundle;
  private final Bootstrap address;
  private final @Nullable ProcessId process;
  private final TaskClient client;
  private final ShimSettings settings;
  private final Watches watches;
  private final CleanUp cleanUp;
  private final @Nullable ShimLog log;
  private final @Nullable TypedBytes options;

  /**
   * @param process the shim's process, or null if it is not known
   * @param log closed with the connection; null if it has none
   * @param options what Create is given, the caller's own among them; null to give what the caller
   *     says
   */
  ConnectedShim(
      ShimInfo info,
      BundleFolder bundle,
      Bootstrap address,
      @Nullable ProcessId process,
      TaskClient client,
      ShimSettings settings,
      Watches watches,
      CleanUp cleanUp,
      @Nullable ShimLog log,
      @Nullable TypedBytes options) {
    this.info = info;
    this.id = info.id().value();
    this.bundle = bundle;
    this.address = address;
    this.process = process;
    this.client = client;
    this.settings = settings;
    this.watches = watches;
    this.cleanUp = cleanUp;
    this.log = log;
    this.options = options;
  }

  @Override
  public ShimInfo info() {
    return info;
  }

  @Override
  public int create(TaskCreate create) {
    return client
        .call("Create", request(create), CreateTaskResponse.parser(), settings.create())
        .getPid();
  }

  @Override
  public int run(TaskCreate create) {
    if (!address.runs()) {
      throw new EngineException(
          ErrorKind.UNIMPLEMENTED, info.binary() + " creates and starts in two steps only");
    }
    return client
        .callOwn("Run", request(create), StartResponse.parser(), settings.create())
        .getPid();
  }

  private CreateTaskRequest request(TaskCreate create) {
    CreateTaskRequest.Builder request =
        CreateTaskRequest.newBuilder()
            .setId(id)
            .setBundle(bundle.path().toString())
            .setTerminal(create.io().terminal())
            .setStdin(create.io().stdin())
            .setStdout(create.io().stdout())
            .setStderr(create.io().stderr());
    for (org.felucca.api.snapshot.Mount mount : create.rootfs()) {
      request.addRootfs(
          Mount.newBuilder()
              .setType(mount.type())
              .setSource(mount.source())
              .setTarget(mount.target())
              .addAllOptions(mount.options()));
    }
    String checkpoint = create.checkpoint();
    if (checkpoint != null) {
      request.setCheckpoint(checkpoint);
    }
    TypedBytes given = options == null ? create.options() : options;
    if (given != null && !given.typeUrl().isEmpty()) {
      request.setOptions(any(given));
    }
    return request.build();
  }

  @Override
  public int start(String execId) {
    return client
        .call(
            "Start",
            StartRequest.newBuilder().setId(id).setExecId(execId).build(),
            StartResponse.parser(),
            settings.create())
        .getPid();
  }

  @Override
  public void exec(String execId, TypedBytes spec, ProcessIo io) {
    client.call(
        "Exec",
        ExecProcessRequest.newBuilder()
            .setId(id)
            .setExecId(execId)
            .setTerminal(io.terminal())
            .setStdin(io.stdin())
            .setStdout(io.stdout())
            .setStderr(io.stderr())
            .setSpec(any(spec))
            .build(),
        Empty.parser(),
        settings.call());
  }

  @Override
  public TaskState state(String execId) {
    StateResponse state =
        client.call(
            "State",
            StateRequest.newBuilder().setId(id).setExecId(execId).build(),
            StateResponse.parser(),
            settings.call());
    TaskStatus status =
        switch (state.getStatus()) {
          case CREATED -> TaskStatus.CREATED;
          case RUNNING -> TaskStatus.RUNNING;
          case STOPPED -> TaskStatus.STOPPED;
          case PAUSED -> TaskStatus.PAUSED;
          case PAUSING -> TaskStatus.PAUSING;
          case UNKNOWN, UNRECOGNIZED -> TaskStatus.UNKNOWN;
        };
    Exit exit =
        status == TaskStatus.STOPPED
            ? new Exit(state.getExitStatus(), EventDecoder.instant(state.getExitedAt()))
            : null;
    return new TaskState(
        new ContainerId(id),
        execId,
        state.getPid(),
        status,
        new ProcessIo(state.getStdin(), state.getStdout(), state.getStderr(), state.getTerminal()),
        exit,
        state.getBundle());
  }

  @Override
  public CompletableFuture<Exit> exit(String execId) {
    return client
        .send(
            "Wait",
            WaitRequest.newBuilder().setId(id).setExecId(execId).build(),
            WaitResponse.parser())
        .thenApply(end -> new Exit(end.getExitStatus(), EventDecoder.instant(end.getExitedAt())));
  }

  @Override
  public void kill(String execId, int signal, boolean all) {
    try {
      client.call(
          "Kill",
          KillRequest.newBuilder()
              .setId(id)
              .setExecId(execId)
              .setSignal(signal)
              .setAll(all)
              .build(),
          Empty.parser(),
          settings.call());
    } catch (EngineException e) {
      String message = String.valueOf(e.getMessage());
      if (message.contains("container not running")
          || message.contains("no such process")
          || message.contains("process already finished")
          || message.contains("container does not exist")) {
        throw new EngineException(ErrorKind.NOT_FOUND, message, e);
      }
      throw e;
    }
  }

  @Override
  public Exit delete(String execId) {
    DeleteResponse gone =
        client.call(
            "Delete",
            DeleteRequest.newBuilder().setId(id).setExecId(execId).build(),
            DeleteResponse.parser(),
            settings.create());
    return new Exit(gone.getExitStatus(), EventDecoder.instant(gone.getExitedAt()));
  }

  @Override
  public List<ProcessDetails> pids() {
    List<ProcessDetails> processes = new ArrayList<>();
    for (ProcessInfo one :
        client
            .call(
                "Pids",
                PidsRequest.newBuilder().setId(id).build(),
                PidsResponse.parser(),
                settings.call())
            .getProcessesList()) {
      processes.add(new ProcessDetails(one.getPid(), execOf(one.getInfo())));
    }
    return processes;
  }

  private static @Nullable String execOf(Any details) {
    if (!details.getTypeUrl().endsWith(PROCESS_DETAILS)) {
      return null;
    }
    try {
      String execId =
          org.felucca.shim.wire.runc.ProcessDetails.parseFrom(details.getValue()).getExecId();
      return execId.isEmpty() ? null : execId;
    } catch (InvalidProtocolBufferException e) {
      return null;
    }
  }

  @Override
  public void pause() {
    client.call(
        "Pause", PauseRequest.newBuilder().setId(id).build(), Empty.parser(), settings.call());
  }

  @Override
  public void resume() {
    client.call(
        "Resume", ResumeRequest.newBuilder().setId(id).build(), Empty.parser(), settings.call());
  }

  @Override
  public void resize(String execId, int columns, int rows) {
    client.call(
        "ResizePty",
        ResizePtyRequest.newBuilder()
            .setId(id)
            .setExecId(execId)
            .setWidth(columns)
            .setHeight(rows)
            .build(),
        Empty.parser(),
        settings.call());
  }

  @Override
  public void closeStdin(String execId) {
    client.call(
        "CloseIO",
        CloseIORequest.newBuilder().setId(id).setExecId(execId).setStdin(true).build(),
        Empty.parser(),
        settings.call());
  }

  @Override
  public void checkpoint(String folder, @Nullable TypedBytes how) {
    CheckpointTaskRequest.Builder request =
        CheckpointTaskRequest.newBuilder().setId(id).setPath(folder);
    if (how != null && !how.typeUrl().isEmpty()) {
      request.setOptions(any(how));
    }
    client.call("Checkpoint", request.build(), Empty.parser(), settings.create());
  }

  @Override
  public void update(TypedBytes resources, Map<String, String> annotations) {
    client.call(
        "Update",
        UpdateTaskRequest.newBuilder()
            .setId(id)
            .setResources(any(resources))
            .putAllAnnotations(annotations)
            .build(),
        Empty.parser(),
        settings.call());
  }

  @Override
  public TypedBytes metrics() {
    Any stats =
        client
            .call(
                "Stats",
                StatsRequest.newBuilder().setId(id).build(),
                StatsResponse.parser(),
                settings.call())
            .getStats();
    return new TypedBytes(stats.getTypeUrl(), stats.getValue().toByteArray());
  }

  @Override
  public TaskUsage usage() {
    return UsageDecoder.decode(metrics(), Instant.now());
  }

  @Override
  public void shutdown() {
    askToEnd();
    if (process != null && !watches.awaitEnd(process, settings.end())) {
      // A shim that still owns a container says yes and stays.
      if (ownsTask()) {
        throw EngineException.precondition(
            "end the shim of container %s: it still owns the container; delete that first"
                .formatted(bundle.key()));
      }
      LOG.log(
          Level.WARNING,
          "shim did not end, killed container={0} pid={1}",
          new Object[] {bundle.key(), process.pid()});
      cleanUp.kill(process);
    }
    disconnect();
    cleanUp.remove(bundle, address);
  }

  private void askToEnd() {
    try {
      client.call(
          "Shutdown",
          ShutdownRequest.newBuilder().setId(id).build(),
          Empty.parser(),
          settings.end());
    } catch (EngineException e) {
      // Some end before they answer.
      if (e.kind() == ErrorKind.CANCELLED) {
        throw e;
      }
      LOG.log(
          Level.FINE,
          "shim did not answer Shutdown container={0} reason={1}",
          new Object[] {bundle.key(), e.getMessage()});
    }
  }

  private boolean ownsTask() {
    try {
      state("");
      return true;
    } catch (EngineException e) {
      return false;
    }
  }

  @Override
  public void destroy() {
    disconnect();
    // Often the way out of a call that was given up: it must not be given up itself.
    try (Uninterrupted _ = Uninterrupted.begin()) {
      if (process != null) {
        cleanUp.kill(process);
      } else {
        cleanUp.killAllIn(bundle);
      }
      cleanUp.afterDeath(bundle, info.binary(), address);
    }
    LOG.log(Level.FINE, "shim destroyed container={0}", bundle.key());
  }

  @Override
  public CompletableFuture<Void> closed() {
    return client.closed();
  }

  /** Whether it is of no more use, see {@link #closed}. */
  boolean isClosed() {
    return client.isClosed();
  }

  @Override
  public void disconnect() {
    client.close();
    if (log != null) {
      log.close();
    }
  }

  static Any any(TypedBytes bytes) {
    return Any.newBuilder()
        .setTypeUrl(bytes.typeUrl())
        .setValue(ByteString.copyFrom(bytes.value()))
        .build();
  }
}
