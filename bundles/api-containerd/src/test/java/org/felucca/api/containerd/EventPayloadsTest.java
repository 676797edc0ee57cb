package org.felucca.api.containerd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.felucca.api.Namespace;
import org.felucca.api.TypedBytes;
import org.felucca.api.containerd.wire.events.ContainerCreate;
import org.felucca.api.containerd.wire.events.TaskCreate;
import org.felucca.api.containerd.wire.events.TaskDelete;
import org.felucca.api.containerd.wire.events.TaskExit;
import org.felucca.api.containerd.wire.types.Envelope;
import org.felucca.api.event.Event;
import org.felucca.api.event.LoggedEvent;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.task.ProcessIo;
import org.junit.jupiter.api.Test;

class EventPayloadsTest {
  private static final Instant AT = Instant.parse("2026-11-24T10:00:00.123456789Z");
  private static final Map<String, String> LABELS = Map.of("a.b/c", "d");

  /** One of each kind, and the type and topic that containerd gives it. */
  private static final Map<Event, String> KINDS =
      Map.ofEntries(
          Map.entry(new Event.ContainerCreate("c", "i", "r"), "containerd.events.ContainerCreate"),
          Map.entry(
              new Event.ContainerUpdate("c", "i", LABELS, "s"),
              "containerd.events.ContainerUpdate"),
          Map.entry(new Event.ContainerDelete("c"), "containerd.events.ContainerDelete"),
          Map.entry(
              new Event.ImageCreate("i", LABELS), "containerd.services.images.v1.ImageCreate"),
          Map.entry(
              new Event.ImageUpdate("i", LABELS), "containerd.services.images.v1.ImageUpdate"),
          Map.entry(new Event.ImageDelete("i"), "containerd.services.images.v1.ImageDelete"),
          Map.entry(new Event.ContentCreate("d", 5), "containerd.events.ContentCreate"),
          Map.entry(new Event.ContentDelete("d"), "containerd.events.ContentDelete"),
          Map.entry(new Event.SnapshotPrepare("k", "p", "o"), "containerd.events.SnapshotPrepare"),
          Map.entry(new Event.SnapshotCommit("k", "n", "o"), "containerd.events.SnapshotCommit"),
          Map.entry(new Event.SnapshotRemove("k", "o"), "containerd.events.SnapshotRemove"),
          Map.entry(new Event.NamespaceCreate("n", LABELS), "containerd.events.NamespaceCreate"),
          Map.entry(new Event.NamespaceUpdate("n", LABELS), "containerd.events.NamespaceUpdate"),
          Map.entry(new Event.NamespaceDelete("n"), "containerd.events.NamespaceDelete"),
          Map.entry(
              new Event.TaskCreated("c", "/b", List.of(), ProcessIo.NONE, "", 5),
              "containerd.events.TaskCreate"),
          Map.entry(new Event.TaskStart("c", 5), "containerd.events.TaskStart"),
          Map.entry(new Event.TaskExit("c", "x", 5, 137, AT), "containerd.events.TaskExit"),
          Map.entry(new Event.TaskDelete("c", "x", 5, 137, AT), "containerd.events.TaskDelete"),
          Map.entry(new Event.TaskOom("c"), "containerd.events.TaskOOM"),
          Map.entry(new Event.TaskExecAdded("c", "x"), "containerd.events.TaskExecAdded"),
          Map.entry(new Event.TaskExecStarted("c", "x", 5), "containerd.events.TaskExecStarted"),
          Map.entry(new Event.TaskPaused("c"), "containerd.events.TaskPaused"),
          Map.entry(new Event.TaskResumed("c"), "containerd.events.TaskResumed"),
          Map.entry(new Event.TaskCheckpointed("c", "/p"), "containerd.events.TaskCheckpointed"),
          Map.entry(new Event.SandboxCreate("s"), "containerd.events.SandboxCreate"),
          Map.entry(new Event.SandboxStart("s"), "containerd.events.SandboxStart"),
          Map.entry(new Event.SandboxExit("s", 3, AT), "containerd.events.SandboxExit"),
          Map.entry(
              new Event.BundleChanged("b", "updated", "1", null, 2),
              "org.felucca.event.BundleChanged"),
          Map.entry(new Event.ContainerHealth("c", "healthy"), "org.felucca.event.ContainerHealth"),
          Map.entry(new Event.ContainerRestart("c", 2), "org.felucca.event.ContainerRestart"),
          Map.entry(
              new Event.Foreign("/own/topic", new TypedBytes("my.Type", new byte[] {1, 2})),
              "my.Type"));

  private static Envelope envelope(Event event) {
    return EventPayloads.envelope(new LoggedEvent(3, AT, new Namespace("moby"), event));
  }

  @Test
  void envelope_ofEveryKind_hasContainerdsTypeAndTopic() {
    Set<String> tried =
        KINDS.keySet().stream().map(e -> e.getClass().getName()).collect(Collectors.toSet());
    assertEquals(
        Arrays.stream(Event.class.getPermittedSubclasses())
            .map(Class::getName)
            .collect(Collectors.toSet()),
        tried);
    KINDS.forEach(
        (event, type) -> {
          Envelope envelope = envelope(event);
          assertEquals(type, envelope.getEvent().getTypeUrl());
          assertEquals(event.topic(), envelope.getTopic());
          assertEquals("moby", envelope.getNamespace());
          assertEquals(AT, Wire.time(envelope.getTimestamp()));
        });
  }

  @Test
  void envelope_ofTaskEvents_hasAllFields() throws Exception {
    Any exit = envelope(new Event.TaskExit("c", "x", 5, 137, AT)).getEvent();
    TaskExit told = TaskExit.parseFrom(exit.getValue());
    assertEquals("c", told.getContainerId());
    assertEquals("x", told.getId());
    assertEquals(5, told.getPid());
    assertEquals(137, told.getExitStatus());
    assertEquals(AT, Wire.time(told.getExitedAt()));
    TaskDelete gone =
        TaskDelete.parseFrom(
            envelope(new Event.TaskDelete("c", "x", 5, 137, AT)).getEvent().getValue());
    assertEquals("", gone.getId());
    assertEquals(137, gone.getExitStatus());
    TaskCreate made =
        TaskCreate.parseFrom(
            envelope(
                    new Event.TaskCreated(
                        "c",
                        "/b",
                        List.of(new Mount("overlay", "overlay", "", List.of("upperdir=/u"))),
                        new ProcessIo("/in", "/out", "/err", false),
                        "/cp",
                        5))
                .getEvent()
                .getValue());
    assertEquals("upperdir=/u", made.getRootfs(0).getOptions(0));
    assertEquals("/in", made.getIo().getStdin());
    assertEquals("/err", made.getIo().getStderr());
    assertEquals("/cp", made.getCheckpoint());
    ContainerCreate container =
        ContainerCreate.parseFrom(
            envelope(new Event.ContainerCreate("c", "i", "r")).getEvent().getValue());
    assertEquals("r", container.getRuntime().getName());
  }

  @Test
  void deletions_ofFurtherProcesses_areNoneOfContainerds() {
    assertTrue(isContainerds(new Event.TaskDelete("c", "c", 5, 0, AT)));
    assertFalse(isContainerds(new Event.TaskDelete("c", "x", 5, 0, AT)));
    assertTrue(isContainerds(new Event.TaskExit("c", "x", 5, 0, AT)));
  }

  private static boolean isContainerds(Event event) {
    return EventPayloads.isContainerds(new LoggedEvent(3, AT, new Namespace("moby"), event));
  }

  @Test
  void envelope_ofTheWholeEngine_namesNoNamespace() {
    Envelope envelope =
        EventPayloads.envelope(
            new LoggedEvent(3, AT, null, new Event.BundleChanged("b", "updated", "1", "crun", 2)));
    assertEquals("", envelope.getNamespace());
    assertTrue(envelope.getEvent().getValue().toString(UTF_8).contains("\"symbolic_name\":\"b\""));
  }
}
