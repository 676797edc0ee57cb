package org.felucca.shim;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import java.time.Instant;
import org.felucca.api.TypedBytes;
import org.felucca.api.event.Event;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.task.ProcessIo;
import org.felucca.shim.wire.events.TaskCheckpointed;
import org.felucca.shim.wire.events.TaskCreate;
import org.felucca.shim.wire.events.TaskDelete;
import org.felucca.shim.wire.events.TaskExecAdded;
import org.felucca.shim.wire.events.TaskExecStarted;
import org.felucca.shim.wire.events.TaskExit;
import org.felucca.shim.wire.events.TaskIO;
import org.felucca.shim.wire.events.TaskOOM;
import org.felucca.shim.wire.events.TaskPaused;
import org.felucca.shim.wire.events.TaskResumed;
import org.felucca.shim.wire.events.TaskStart;
import org.felucca.shim.wire.types.Envelope;

/** Makes an event of what a shim sent. */
final class EventDecoder {
  private EventDecoder() {}

  /** The event; {@link Event.Foreign} for what Felucca does not read. */
  static Event decode(Envelope envelope) throws InvalidProtocolBufferException {
    Any any = envelope.getEvent();
    ByteString bytes = any.getValue();
    String url = any.getTypeUrl();
    return switch (url.substring(url.lastIndexOf('/') + 1)) {
      case "containerd.events.TaskCreate" -> created(TaskCreate.parseFrom(bytes));
      case "containerd.events.TaskStart" -> {
        TaskStart event = TaskStart.parseFrom(bytes);
        yield new Event.TaskStart(event.getContainerId(), event.getPid());
      }
      case "containerd.events.TaskExit" -> {
        TaskExit event = TaskExit.parseFrom(bytes);
        yield new Event.TaskExit(
            event.getContainerId(),
            event.getId(),
            event.getPid(),
            event.getExitStatus(),
            instant(event.getExitedAt()));
      }
      case "containerd.events.TaskDelete" -> {
        TaskDelete event = TaskDelete.parseFrom(bytes);
        yield new Event.TaskDelete(
            event.getContainerId(),
            event.getId(),
            event.getPid(),
            event.getExitStatus(),
            instant(event.getExitedAt()));
      }
      case "containerd.events.TaskOOM" ->
          new Event.TaskOom(TaskOOM.parseFrom(bytes).getContainerId());
      case "containerd.events.TaskExecAdded" -> {
        TaskExecAdded event = TaskExecAdded.parseFrom(bytes);
        yield new Event.TaskExecAdded(event.getContainerId(), event.getExecId());
      }
      case "containerd.events.TaskExecStarted" -> {
        TaskExecStarted event = TaskExecStarted.parseFrom(bytes);
        yield new Event.TaskExecStarted(event.getContainerId(), event.getExecId(), event.getPid());
      }
      case "containerd.events.TaskPaused" ->
          new Event.TaskPaused(TaskPaused.parseFrom(bytes).getContainerId());
      case "containerd.events.TaskResumed" ->
          new Event.TaskResumed(TaskResumed.parseFrom(bytes).getContainerId());
      case "containerd.events.TaskCheckpointed" -> {
        TaskCheckpointed event = TaskCheckpointed.parseFrom(bytes);
        yield new Event.TaskCheckpointed(event.getContainerId(), event.getCheckpoint());
      }
      default -> new Event.Foreign(envelope.getTopic(), new TypedBytes(url, bytes.toByteArray()));
    };
  }

  private static Event created(TaskCreate event) {
    TaskIO io = event.getIo();
    return new Event.TaskCreated(
        event.getContainerId(),
        event.getBundle(),
        event.getRootfsList().stream()
            .map(m -> new Mount(m.getType(), m.getSource(), m.getTarget(), m.getOptionsList()))
            .toList(),
        new ProcessIo(io.getStdin(), io.getStdout(), io.getStderr(), io.getTerminal()),
        event.getCheckpoint(),
        event.getPid());
  }

  /** The time; now, if the shim left it out. */
  static Instant instant(Timestamp time) {
    return time.equals(Timestamp.getDefaultInstance())
        ? Instant.now()
        : Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }
}
