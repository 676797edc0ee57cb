package org.felucca.api.containerd;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import org.felucca.api.Namespace;
import org.felucca.api.containerd.wire.events.ContainerCreate;
import org.felucca.api.containerd.wire.events.ContainerDelete;
import org.felucca.api.containerd.wire.events.ContainerUpdate;
import org.felucca.api.containerd.wire.events.ContentCreate;
import org.felucca.api.containerd.wire.events.ContentDelete;
import org.felucca.api.containerd.wire.events.ImageCreate;
import org.felucca.api.containerd.wire.events.ImageDelete;
import org.felucca.api.containerd.wire.events.ImageUpdate;
import org.felucca.api.containerd.wire.events.NamespaceCreate;
import org.felucca.api.containerd.wire.events.NamespaceDelete;
import org.felucca.api.containerd.wire.events.NamespaceUpdate;
import org.felucca.api.containerd.wire.events.SandboxCreate;
import org.felucca.api.containerd.wire.events.SandboxExit;
import org.felucca.api.containerd.wire.events.SandboxStart;
import org.felucca.api.containerd.wire.events.SnapshotCommit;
import org.felucca.api.containerd.wire.events.SnapshotPrepare;
import org.felucca.api.containerd.wire.events.SnapshotRemove;
import org.felucca.api.containerd.wire.events.TaskCheckpointed;
import org.felucca.api.containerd.wire.events.TaskCreate;
import org.felucca.api.containerd.wire.events.TaskDelete;
import org.felucca.api.containerd.wire.events.TaskExecAdded;
import org.felucca.api.containerd.wire.events.TaskExecStarted;
import org.felucca.api.containerd.wire.events.TaskExit;
import org.felucca.api.containerd.wire.events.TaskIO;
import org.felucca.api.containerd.wire.events.TaskOOM;
import org.felucca.api.containerd.wire.events.TaskPaused;
import org.felucca.api.containerd.wire.events.TaskResumed;
import org.felucca.api.containerd.wire.events.TaskStart;
import org.felucca.api.containerd.wire.types.Envelope;
import org.felucca.api.event.Event;
import org.felucca.api.event.LoggedEvent;
import org.felucca.api.task.ProcessIo;
import org.felucca.oci.Json;

/** Events as containerd's clients read them. */
final class EventPayloads {
  /**
   * What containerd has no message for goes as JSON, under a type of ours: clients that don't know
   * it print or skip it.
   */
  private static final String OWN = "org.felucca.event.";

  private EventPayloads() {}

  /**
   * Whether clients of containerd expect it: the end of a further process is not told twice, for
   * they would take its deletion for that of the task.
   */
  static boolean isContainerds(LoggedEvent logged) {
    return !(logged.event() instanceof Event.TaskDelete delete)
        || delete.id().equals(delete.containerId());
  }

  /** The event with its time, namespace and topic. */
  static Envelope envelope(LoggedEvent logged) {
    Envelope.Builder envelope =
        Envelope.newBuilder()
            .setTimestamp(Wire.time(logged.at()))
            .setTopic(logged.event().topic())
            .setEvent(any(logged.event()));
    Namespace namespace = logged.namespace();
    if (namespace != null) {
      envelope.setNamespace(namespace.value());
    }
    return envelope.build();
  }

  private static Any any(Event event) {
    return switch (event) {
      case Event.Foreign foreign -> Wire.any(foreign.payload());
      case Event.BundleChanged own -> json(own);
      case Event.ContainerHealth own -> json(own);
      case Event.ContainerRestart own -> json(own);
      default -> Wire.any(message(event));
    };
  }

  private static Any json(Event event) {
    return Any.newBuilder()
        .setTypeUrl(OWN + event.getClass().getSimpleName())
        .setValue(Wire.bytes(Json.bytes(event, Json.Names.SNAKE)))
        .build();
  }

  private static Message message(Event event) {
    return switch (event) {
      case Event.ContainerCreate e ->
          ContainerCreate.newBuilder()
              .setId(e.id())
              .setImage(e.image())
              .setRuntime(ContainerCreate.Runtime.newBuilder().setName(e.runtime()))
              .build();
      case Event.ContainerUpdate e ->
          ContainerUpdate.newBuilder()
              .setId(e.id())
              .setImage(e.image())
              .putAllLabels(e.labels())
              .setSnapshotKey(e.snapshotKey())
              .build();
      case Event.ContainerDelete e -> ContainerDelete.newBuilder().setId(e.id()).build();
      case Event.ImageCreate e ->
          ImageCreate.newBuilder().setName(e.name()).putAllLabels(e.labels()).build();
      case Event.ImageUpdate e ->
          ImageUpdate.newBuilder().setName(e.name()).putAllLabels(e.labels()).build();
      case Event.ImageDelete e -> ImageDelete.newBuilder().setName(e.name()).build();
      case Event.ContentCreate e ->
          ContentCreate.newBuilder().setDigest(e.digest()).setSize(e.size()).build();
      case Event.ContentDelete e -> ContentDelete.newBuilder().setDigest(e.digest()).build();
      case Event.SnapshotPrepare e ->
          SnapshotPrepare.newBuilder()
              .setKey(e.key())
              .setParent(e.parent())
              .setSnapshotter(e.snapshotter())
              .build();
      case Event.SnapshotCommit e ->
          SnapshotCommit.newBuilder()
              .setKey(e.key())
              .setName(e.name())
              .setSnapshotter(e.snapshotter())
              .build();
      case Event.SnapshotRemove e ->
          SnapshotRemove.newBuilder().setKey(e.key()).setSnapshotter(e.snapshotter()).build();
      case Event.NamespaceCreate e ->
          NamespaceCreate.newBuilder().setName(e.name()).putAllLabels(e.labels()).build();
      case Event.NamespaceUpdate e ->
          NamespaceUpdate.newBuilder().setName(e.name()).putAllLabels(e.labels()).build();
      case Event.NamespaceDelete e -> NamespaceDelete.newBuilder().setName(e.name()).build();
      default -> taskMessage(event);
    };
  }

  private static Message taskMessage(Event event) {
    return switch (event) {
      case Event.TaskCreated e ->
          TaskCreate.newBuilder()
              .setContainerId(e.containerId())
              .setBundle(e.bundle())
              .addAllRootfs(e.rootfs().stream().map(Wire::mount).toList())
              .setIo(io(e.io()))
              .setCheckpoint(e.checkpoint())
              .setPid(e.pid())
              .build();
      case Event.TaskStart e ->
          TaskStart.newBuilder().setContainerId(e.containerId()).setPid(e.pid()).build();
      case Event.TaskExit e ->
          TaskExit.newBuilder()
              .setContainerId(e.containerId())
              .setId(e.id())
              .setPid(e.pid())
              .setExitStatus(e.exitStatus())
              .setExitedAt(Wire.time(e.exitedAt()))
              .build();
      case Event.TaskDelete e ->
          TaskDelete.newBuilder()
              .setContainerId(e.containerId())
              .setPid(e.pid())
              .setExitStatus(e.exitStatus())
              .setExitedAt(Wire.time(e.exitedAt()))
              .build();
      case Event.TaskOom e -> TaskOOM.newBuilder().setContainerId(e.containerId()).build();
      case Event.TaskExecAdded e ->
          TaskExecAdded.newBuilder().setContainerId(e.containerId()).setExecId(e.execId()).build();
      case Event.TaskExecStarted e ->
          TaskExecStarted.newBuilder()
              .setContainerId(e.containerId())
              .setExecId(e.execId())
              .setPid(e.pid())
              .build();
      case Event.TaskPaused e -> TaskPaused.newBuilder().setContainerId(e.containerId()).build();
      case Event.TaskResumed e -> TaskResumed.newBuilder().setContainerId(e.containerId()).build();
      case Event.TaskCheckpointed e ->
          TaskCheckpointed.newBuilder()
              .setContainerId(e.containerId())
              .setCheckpoint(e.checkpoint())
              .build();
      case Event.SandboxCreate e -> SandboxCreate.newBuilder().setSandboxId(e.sandboxId()).build();
      case Event.SandboxStart e -> SandboxStart.newBuilder().setSandboxId(e.sandboxId()).build();
      case Event.SandboxExit e ->
          SandboxExit.newBuilder()
              .setSandboxId(e.sandboxId())
              .setExitStatus(e.exitStatus())
              .setExitedAt(Wire.time(e.exitedAt()))
              .build();
      default -> throw new IllegalStateException("no message for " + event);
    };
  }

  private static TaskIO io(ProcessIo io) {
    return TaskIO.newBuilder()
        .setStdin(io.stdin())
        .setStdout(io.stdout())
        .setStderr(io.stderr())
        .setTerminal(io.terminal())
        .build();
  }
}
