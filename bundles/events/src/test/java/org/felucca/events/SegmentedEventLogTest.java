package org.felucca.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.TypedBytes;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog.Subscription;
import org.felucca.api.event.LoggedEvent;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.task.ProcessIo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentedEventLogTest {

  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Namespace MOBY = new Namespace("moby");

  @TempDir Path folder;
  private SegmentedEventLog log;

  @BeforeEach
  void open() {
    log = open(folder);
  }

  @AfterEach
  void close() {
    log.stop();
  }

  private static SegmentedEventLog open(Path folder) {
    return new SegmentedEventLog(folder, 4 << 20, 16);
  }

  private static Event oom(long i) {
    return new Event.TaskOom("c" + i);
  }

  private static List<LoggedEvent> all(Subscription subscription) {
    List<LoggedEvent> found = new ArrayList<>();
    for (LoggedEvent event = subscription.next(Duration.ZERO);
        event != null;
        event = subscription.next(Duration.ZERO)) {
      found.add(event);
    }
    return found;
  }

  private static ErrorKind failure(Runnable call) {
    return assertThrows(EngineException.class, call::run).kind();
  }

  private static List<Event> oneOfEach() {
    Instant at = Instant.parse("2026-11-24T10:00:00.123456789Z");
    Map<String, String> labels = Map.of("a.b/c", "d", "e", "");
    return List.of(
        new Event.ContainerCreate("id", "image", "runc"),
        new Event.ContainerUpdate("id", "image", labels, "key"),
        new Event.ContainerDelete("id"),
        new Event.ImageCreate("docker.io/library/busybox:latest", labels),
        new Event.ImageUpdate("n", Map.of()),
        new Event.ImageDelete("n \" \n \\ ü"),
        new Event.ContentCreate("sha256:00", 12345678901L),
        new Event.ContentDelete("sha256:00"),
        new Event.SnapshotPrepare("key", "", "overlayfs"),
        new Event.SnapshotCommit("key", "name", "overlayfs"),
        new Event.SnapshotRemove("key", "overlayfs"),
        new Event.NamespaceCreate("moby", labels),
        new Event.NamespaceUpdate("moby", labels),
        new Event.NamespaceDelete("moby"),
        new Event.TaskCreated(
            "id",
            "/b",
            List.of(new Mount("bind", "/r", "", List.of("ro"))),
            new ProcessIo("/in", "/out", "", true),
            "",
            12),
        new Event.TaskCheckpointed("id", "/checkpoint"),
        new Event.SandboxCreate("pod"),
        new Event.SandboxStart("pod"),
        new Event.SandboxExit("pod", 3, Instant.ofEpochSecond(5, 6)),
        new Event.TaskStart("id", 12),
        new Event.TaskExit("id", "exec", 12, 137, at),
        new Event.TaskDelete("id", "id", 12, 0, at),
        new Event.TaskOom("id"),
        new Event.TaskExecAdded("id", "exec"),
        new Event.TaskExecStarted("id", "exec", 13),
        new Event.TaskPaused("id"),
        new Event.TaskResumed("id"),
        new Event.BundleChanged("felucca.runc", "updated", "1.2.3", null, 2),
        new Event.BundleChanged("felucca.runc", "updated", "1.2.3", "runc", 0),
        new Event.ContainerHealth("id", "unhealthy"),
        new Event.ContainerRestart("id", 3),
        new Event.Foreign("/other", new TypedBytes("a.B", new byte[] {0, 1, -1})));
  }

  @Test
  void publish_ofEveryKind_isStoredWhole() {
    assertEquals(
        Event.class.getPermittedSubclasses().length,
        oneOfEach().stream().map(Object::getClass).distinct().count());
    List<LoggedEvent> published = new ArrayList<>();
    for (Event event : oneOfEach()) {
      published.add(log.publish(MOBY, event));
    }
    published.add(log.publish(null, oom(1)));
    assertEquals(published, all(log.subscribe(List.of(), 0)));
    log.stop();
    log = open(folder);
    assertEquals(published, all(log.subscribe(List.of(), 0)));
  }

  @Test
  void numbers_goOnWithoutGapAfterACleanStop() {
    assertEquals(0, log.position());
    assertEquals(1, log.publish(null, oom(1)).sequence());
    assertEquals(2, log.publish(null, oom(2)).sequence());
    log.stop();
    log = open(folder);
    assertEquals(2, log.position());
    assertEquals(3, log.publish(null, oom(3)).sequence());
    assertEquals(3, log.position());
  }

  @Test
  void numbers_neverComeTwice_whenStoredEventsAreLost() throws IOException {
    log.publish(null, oom(1));
    long given = log.publish(null, oom(2)).sequence();
    // What a power loss may leave: the reservation, which is synchronised, and none of the lines.
    Path lost = Files.createDirectory(folder.resolve("lost"));
    Files.copy(folder.resolve("reserved"), lost.resolve("reserved"));
    SegmentedEventLog after = open(lost);
    try {
      assertTrue(after.publish(null, oom(3)).sequence() > given);
      assertEquals(
          List.of(oom(3)),
          all(after.subscribe(List.of(), 0)).stream().map(LoggedEvent::event).toList());
      assertEquals(
          ErrorKind.OUT_OF_RANGE,
          failure(() -> after.subscribe(List.of(), given).next(Duration.ZERO)));
    } finally {
      after.stop();
    }
  }

  @Test
  void subscribe_filtersAsContainerdDoes() {
    for (Event event : oneOfEach()) {
      log.publish(MOBY, event);
    }
    log.publish(new Namespace("other"), new Event.TaskExit("zz", "zz", 1, 1, Instant.EPOCH));
    log.publish(null, oom(7));
    Map<String, Integer> expected =
        Map.of(
            "namespace==moby,topic~=|^/tasks/|", 10,
            "topic==\"/tasks/exit\"", 2,
            "event.container_id==zz", 1,
            "event.exit_status==\"137\"", 1,
            "event.labels.\"a.b/c\"==d", 4,
            "event.snapshot_key", 1,
            "namespace!=moby", 2,
            "event.nonsense", 0);
    expected.forEach(
        (filter, count) ->
            assertEquals(count, all(log.subscribe(List.of(filter), 0)).size(), filter));
    assertEquals(
        3, all(log.subscribe(List.of("topic==\"/tasks/oom\"", "namespace==other"), 0)).size());
    assertEquals(ErrorKind.INVALID_ARGUMENT, failure(() -> log.subscribe(List.of("topic=="), 0)));
  }

  @Test
  void next_waitsForWhatComes() throws Exception {
    try (Subscription subscription = log.subscribe(List.of("topic==\"/tasks/oom\""), 0)) {
      assertNull(subscription.next(Duration.ofMillis(20)));
      CompletableFuture<LoggedEvent> got =
          CompletableFuture.supplyAsync(() -> subscription.next(LONG));
      log.publish(null, new Event.TaskPaused("x"));
      LoggedEvent event = log.publish(null, oom(1));
      assertEquals(event, got.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void publish_byMany_isOneOrderForAll() throws Exception {
    List<Future<List<LoggedEvent>>> readers = new ArrayList<>();
    int publishers = 4;
    int each = 3000;
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int r = 0; r < 3; r++) {
        readers.add(
            pool.submit(
                () -> {
                  List<LoggedEvent> got = new ArrayList<>();
                  try (Subscription subscription = log.subscribe(List.of(), 0)) {
                    while (got.size() < publishers * each) {
                      LoggedEvent event = subscription.next(LONG);
                      assertNotNull(event);
                      got.add(event);
                    }
                  }
                  return got;
                }));
      }
      for (int p = 0; p < publishers; p++) {
        String name = "p" + p;
        pool.submit(
            () -> {
              for (int i = 0; i < each; i++) {
                log.publish(null, new Event.TaskStart(name, i));
              }
            });
      }
    }
    List<LoggedEvent> first = readers.getFirst().get();
    assertEquals(
        LongStream.rangeClosed(1, publishers * each).boxed().toList(),
        first.stream().map(LoggedEvent::sequence).toList());
    for (Future<List<LoggedEvent>> reader : readers) {
      assertEquals(first, reader.get());
    }
    for (int p = 0; p < publishers; p++) {
      String name = "p" + p;
      List<Integer> pids =
          first.stream()
              .map(e -> (Event.TaskStart) e.event())
              .filter(e -> e.containerId().equals(name))
              .map(Event.TaskStart::pid)
              .toList();
      assertEquals(pids.stream().sorted().toList(), pids);
    }
    log.stop();
    log = open(folder);
    assertEquals(first, all(log.subscribe(List.of(), 0)));
  }

  @Test
  void subscriber_farBehind_readsWhatIsStored() {
    Subscription slow = log.subscribe(List.of(), 0);
    log.publish(null, oom(0));
    assertEquals(oom(0), slow.next(LONG).event());
    for (int i = 1; i <= 20_000; i++) {
      log.publish(null, oom(i));
    }
    for (int i = 1; i <= 20_000; i++) {
      LoggedEvent event = slow.next(LONG);
      assertNotNull(event, "event " + i);
      assertEquals(oom(i), event.event());
    }
    assertNull(slow.next(Duration.ZERO));
  }

  @Test
  void subscriber_behindWhatIsKept_isTold() throws Exception {
    log.stop();
    log = new SegmentedEventLog(folder, 100_000, 3);
    Subscription slow = log.subscribe(List.of(), 0);
    for (int i = 0; i < 10_000; i++) {
      log.publish(null, oom(i));
    }
    // A clean stop has all of them stored, and so the oldest dropped.
    log.stop();
    assertEquals(ErrorKind.UNAVAILABLE, failure(() -> slow.next(LONG)));
    log = new SegmentedEventLog(folder, 100_000, 3);
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(4, files.count());
    }
    Subscription again = log.subscribe(List.of(), 5);
    assertEquals(ErrorKind.OUT_OF_RANGE, failure(() -> again.next(LONG)));
    List<LoggedEvent> rest = all(again);
    assertTrue(rest.size() > 1000 && rest.size() < 7000, "kept: " + rest.size());
    assertEquals(oom(9_999), rest.getLast().event());
    assertEquals(rest, all(log.subscribe(List.of(), 0)));
  }

  @Test
  void subscribe_afterANumberThatNeverWas_isTold() {
    log.publish(null, oom(1));
    Subscription lost = log.subscribe(List.of(), 77);
    assertEquals(ErrorKind.OUT_OF_RANGE, failure(() -> lost.next(LONG)));
    assertEquals(oom(1), lost.next(LONG).event());
    assertEquals(ErrorKind.INVALID_ARGUMENT, failure(() -> log.subscribe(List.of(), -1)));
  }

  @Test
  void damage_isPassedOver() throws IOException {
    for (int i = 0; i < 5; i++) {
      log.publish(null, oom(i));
    }
    log.stop();
    Path segment = folder.resolve("%020d.jsonl".formatted(1));
    List<String> lines = new ArrayList<>(Files.readAllLines(segment));
    lines.set(1, "rubbish \0");
    lines.set(2, lines.get(2).replace("TaskOom", "TaskFromTheFuture"));
    Files.write(segment, lines);
    Files.writeString(segment, lines.get(0).substring(0, 20), StandardOpenOption.APPEND);
    log = open(folder);
    log.publish(null, oom(5));
    assertEquals(
        List.of(oom(0), oom(3), oom(4), oom(5)),
        all(log.subscribe(List.of(), 0)).stream().map(LoggedEvent::event).toList());
    log.stop();
    log = open(folder);
    assertEquals(4, all(log.subscribe(List.of(), 0)).size());
  }

  @Test
  void stop_endsSubscriptionsAndLosesNothing() throws Exception {
    Subscription waiting = log.subscribe(List.of(), 0);
    CompletableFuture<ErrorKind> told =
        CompletableFuture.supplyAsync(() -> failure(() -> waiting.next(LONG)));
    Thread.sleep(50);
    log.stop();
    assertEquals(ErrorKind.UNAVAILABLE, told.get(5, TimeUnit.SECONDS));
    assertEquals(ErrorKind.UNAVAILABLE, failure(() -> log.publish(null, oom(1))));
    assertTrue(
        Thread.getAllStackTraces().keySet().stream()
            .noneMatch(t -> t.getName().startsWith("events-write")),
        "the writer thread is still there");
  }

  @Test
  void next_ofAnInterruptedThread_isCancelled() {
    Subscription subscription = log.subscribe(List.of(), 0);
    Thread.currentThread().interrupt();
    assertEquals(ErrorKind.CANCELLED, failure(() -> subscription.next(LONG)));
    assertTrue(Thread.interrupted());
  }

  @Test
  void kill_losesNoOrderAndNoNumber() throws Exception {
    log.stop();
    long highest = 0;
    int keptBefore = 0;
    for (int round = 0; round < 3; round++) {
      Process publisher =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-Xshare:auto",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  EndlessPublisher.class.getName(),
                  folder.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try (BufferedReader out = publisher.inputReader()) {
        for (int i = 0; i < 1000; i++) {
          long number = Long.parseLong(out.readLine());
          assertTrue(number > highest, number + " after " + highest);
          highest = number;
        }
      } finally {
        publisher.destroyForcibly().waitFor();
      }
      SegmentedEventLog after = open(folder);
      List<LoggedEvent> kept = all(after.subscribe(List.of(), 0));
      long previous = 0;
      for (LoggedEvent event : kept) {
        assertTrue(event.sequence() > previous);
        previous = event.sequence();
        assertInstanceOf(Event.TaskStart.class, event.event());
      }
      assertTrue(kept.size() > keptBefore, "kept: " + kept.size());
      keptBefore = kept.size();
      after.stop();
    }
    log = open(folder);
  }

  /** Publishes until it is killed, and prints each number. */
  static final class EndlessPublisher {
    private EndlessPublisher() {}

    public static void main(String[] args) throws InterruptedException {
      SegmentedEventLog log = open(Path.of(args[0]));
      for (int i = 0; ; i++) {
        System.out.println(log.publish(MOBY, new Event.TaskStart("c", i)).sequence());
        if (i % 5 == 0) {
          Thread.sleep(1);
        }
      }
    }
  }
}
