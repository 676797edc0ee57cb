package org.felucca.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.event.Event;
import org.felucca.api.shim.ShimService;
import org.felucca.api.task.ProcessIo;
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
import org.felucca.shim.wire.forward.ForwardRequest;
import org.felucca.shim.wire.types.Envelope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EventReceiverTest {
  private static final String SERVICE = "containerd.services.events.ttrpc.v1.Events";
  private static final Timestamp AT = Timestamp.newBuilder().setSeconds(9).setNanos(7).build();

  private final EventReceiver receiver = new EventReceiver();

  private static ByteString forward(String topic, Message event) {
    return forward(topic, event.getDescriptorForType().getFullName(), event.toByteString());
  }

  private static ByteString forward(String topic, String type, ByteString event) {
    return ForwardRequest.newBuilder()
        .setEnvelope(
            Envelope.newBuilder()
                .setNamespace("ns")
                .setTopic(topic)
                .setEvent(Any.newBuilder().setTypeUrl(type).setValue(event)))
        .build()
        .toByteString();
  }

  private Event taken(Message sent) {
    List<Event> events = new ArrayList<>();
    try (ShimService.Listening _ =
        receiver.listen(
            (namespace, event) -> {
              assertEquals("ns", namespace.value());
              events.add(event);
            })) {
      assertEquals(ByteString.EMPTY, receiver.answer(SERVICE, "Forward", forward("/topic", sent)));
    }
    assertEquals(1, events.size());
    return events.getFirst();
  }

  @Test
  void answer_everyTaskEvent() {
    assertEquals(
        new Event.TaskCreated("c", "/b", List.of(), new ProcessIo("i", "o", "e", true), "cp", 5),
        taken(
            TaskCreate.newBuilder()
                .setContainerId("c")
                .setBundle("/b")
                .setIo(
                    TaskIO.newBuilder()
                        .setStdin("i")
                        .setStdout("o")
                        .setStderr("e")
                        .setTerminal(true))
                .setCheckpoint("cp")
                .setPid(5)
                .build()));
    assertEquals(
        new Event.TaskStart("c", 5),
        taken(TaskStart.newBuilder().setContainerId("c").setPid(5).build()));
    assertEquals(
        new Event.TaskExit("c", "x", 5, 137, Instant.ofEpochSecond(9, 7)),
        taken(
            TaskExit.newBuilder()
                .setContainerId("c")
                .setId("x")
                .setPid(5)
                .setExitStatus(137)
                .setExitedAt(AT)
                .build()));
    assertEquals(
        new Event.TaskDelete("c", "x", 5, 3, Instant.ofEpochSecond(9, 7)),
        taken(
            TaskDelete.newBuilder()
                .setContainerId("c")
                .setId("x")
                .setPid(5)
                .setExitStatus(3)
                .setExitedAt(AT)
                .build()));
    assertEquals(new Event.TaskOom("c"), taken(TaskOOM.newBuilder().setContainerId("c").build()));
    assertEquals(
        new Event.TaskExecAdded("c", "x"),
        taken(TaskExecAdded.newBuilder().setContainerId("c").setExecId("x").build()));
    assertEquals(
        new Event.TaskExecStarted("c", "x", 6),
        taken(TaskExecStarted.newBuilder().setContainerId("c").setExecId("x").setPid(6).build()));
    assertEquals(
        new Event.TaskPaused("c"), taken(TaskPaused.newBuilder().setContainerId("c").build()));
    assertEquals(
        new Event.TaskResumed("c"), taken(TaskResumed.newBuilder().setContainerId("c").build()));
  }

  @Test
  void answer_unknownGoesThroughUnread() {
    Envelope sent = Envelope.newBuilder().setTopic("c").build();
    Event.Foreign event = assertInstanceOf(Event.Foreign.class, taken(sent));
    assertEquals("/topic", event.topic());
    assertEquals("containerd.types.Envelope", event.payload().typeUrl());
    assertEquals(sent.toByteString(), ByteString.copyFrom(event.payload().value()));
  }

  @Test
  void answer_refusedWhileNobodyListensOrTheListenerFails() {
    ByteString event = forward("/tasks/oom", TaskOOM.newBuilder().setContainerId("c").build());
    assertKind(ErrorKind.UNAVAILABLE, "Forward", event);
    try (ShimService.Listening _ =
        receiver.listen(
            (namespace, got) -> {
              throw EngineException.unavailable("the disk is full");
            })) {
      assertKind(ErrorKind.UNAVAILABLE, "Forward", event);
    }
    assertKind(ErrorKind.UNAVAILABLE, "Forward", event);
  }

  @Test
  void answer_badCalls() {
    try (ShimService.Listening _ = receiver.listen((namespace, got) -> {})) {
      assertKind(ErrorKind.UNIMPLEMENTED, "Publish", ByteString.EMPTY);
      assertKind(ErrorKind.INVALID_ARGUMENT, "Forward", ByteString.copyFromUtf8("\7\7 rubbish"));
      assertKind(
          ErrorKind.INVALID_ARGUMENT,
          "Forward",
          forward("/t", "containerd.events.TaskExit", ByteString.copyFromUtf8("\7\7 rubbish")));
      assertKind(ErrorKind.INVALID_ARGUMENT, "Forward", ByteString.EMPTY); // no namespace
    }
  }

  @Test
  void listen_oneAtATimeAndCloseWaitsForTheDelivery() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    List<String> order = new ArrayList<>();
    ShimService.Listening listening =
        receiver.listen(
            (namespace, got) -> {
              inside.countDown();
              try {
                leave.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              synchronized (order) {
                order.add("taken");
              }
            });
    EngineException e =
        assertThrows(EngineException.class, () -> receiver.listen((namespace, got) -> {}));
    assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
    ByteString event = forward("/tasks/oom", TaskOOM.newBuilder().setContainerId("c").build());
    Thread delivery = Thread.startVirtualThread(() -> receiver.answer(SERVICE, "Forward", event));
    inside.await();
    Thread closing =
        Thread.startVirtualThread(
            () -> {
              listening.close();
              synchronized (order) {
                order.add("closed");
              }
            });
    Thread.sleep(50);
    leave.countDown();
    delivery.join();
    closing.join();
    assertEquals(List.of("taken", "closed"), order);
    listening.close();
    try (ShimService.Listening next = receiver.listen((namespace, got) -> {})) {
      listening.close(); // an old one does not close the next
      assertEquals(ByteString.EMPTY, receiver.answer(SERVICE, "Forward", event));
      assertTrue(next != null);
    }
  }

  private void assertKind(ErrorKind kind, String method, ByteString payload) {
    EngineException e =
        assertThrows(EngineException.class, () -> receiver.answer(SERVICE, method, payload));
    assertEquals(kind, e.kind(), e.toString());
  }
}
