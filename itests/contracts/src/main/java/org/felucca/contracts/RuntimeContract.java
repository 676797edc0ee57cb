package org.felucca.contracts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.TypedBytes;
import org.felucca.api.event.Event;
import org.felucca.api.runtime.Runtime;
import org.felucca.api.runtime.RuntimeInfo;
import org.felucca.api.shim.FoundShim;
import org.felucca.api.shim.Shim;
import org.felucca.api.shim.ShimService;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessDetails;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.linux.ProcessId;
import org.felucca.linux.Signal;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every {@link Runtime} must do with real containers, through its real shim. Runs as root on a
 * machine that has the runtime, its shim and busybox. An implementation's test extends this class
 * and says how the runtime and the shims are opened.
 */
@Timeout(120)
public abstract class RuntimeContract {
  /** Where everything of the engine under test lies. */
  @TempDir protected Path folder;

  private RuntimeBench bench;

  /** The runtime under test, with its state below the folder. */
  protected abstract Runtime runtime(Path state);

  /**
   * Opens shims.
   *
   * @param root the engine's root folder
   * @param state its state folder
   * @param address its socket, as shims are told
   * @param events the listening socket that events come to
   */
  protected abstract OpenShims open(
      Path root, Path state, String address, ServerSocketChannel events);

  /** A service of shims that can be closed as if its bundle stopped. */
  public interface OpenShims extends AutoCloseable {
    /** The service. */
    ShimService service();

    @Override
    void close();
  }

  @BeforeAll
  static void readyCgroups() throws Exception {
    HybridCgroups.make();
  }

  @AfterAll
  static void undoCgroups() throws Exception {
    HybridCgroups.undo();
  }

  @BeforeEach
  void openBench() throws Exception {
    bench = new RuntimeBench(folder.toRealPath(), this::open, this::runtime);
  }

  @AfterEach
  void closeBench() throws Exception {
    bench.close();
  }

  @Test
  void info_versionAndFeatures() {
    RuntimeInfo info = bench.runtime().info();
    assertTrue(Files.isExecutable(info.binary()), info.toString());
    assertTrue(info.version().matches(".*\\d+\\.\\d+.*"), info.version());
    assertTrue(info.ociVersion().matches("1\\.\\d+\\.\\d+"), info.ociVersion());
    assertTrue(info.features().isEmpty() || info.features().startsWith("{"), info.features());
    assertTrue(Files.isExecutable(bench.runtime().shim()));
  }

  @Test
  void run_statusAndOutput() throws Exception {
    for (int status : new int[] {0, 7, 255}) {
      try (RuntimeBench.Container container =
          bench.create("status-" + status, "echo out; echo err >&2; exit " + status)) {
        assertEquals(TaskStatus.CREATED, container.shim().state("").status());
        assertEquals(container.pid(), container.shim().start(""));
        assertEquals(status, container.end().status());
        assertEquals("out\n", container.stdout());
        assertEquals("err\n", container.stderr());
        TaskState state = container.shim().state("");
        assertEquals(TaskStatus.STOPPED, state.status());
        assertEquals(status, Objects.requireNonNull(state.exit()).status());
        assertEquals(status, container.shim().delete("").status());
      }
    }
  }

  @Test
  void run_everyByteOfMuch() throws Exception {
    try (RuntimeBench.Container container = bench.create("much", "seq 1 200000")) {
      container.shim().start("");
      assertEquals(0, container.end().status());
      String expected =
          IntStream.rangeClosed(1, 200_000)
              .mapToObj(Integer::toString)
              .reduce(
                  new StringBuilder(), (b, s) -> b.append(s).append('\n'), StringBuilder::append)
              .toString();
      assertEquals(expected, container.stdout());
    }
  }

  @Test
  void kill_statusTellsTheSignal() throws Exception {
    try (RuntimeBench.Container container = bench.create("killed", "sleep 1000")) {
      container.shim().start("");
      container.shim().kill("", 9, false);
      Exit exit = container.end();
      assertEquals(137, exit.status());
      EngineException late =
          assertThrows(EngineException.class, () -> container.shim().kill("", 9, false));
      assertEquals(ErrorKind.NOT_FOUND, late.kind());
    }
  }

  @Test
  void exec_statusAndOutput() throws Exception {
    try (RuntimeBench.Container container = bench.running("exec")) {
      Shim shim = container.shim();
      try (RuntimeBench.Output out = bench.output("e1-out");
          RuntimeBench.Output err = bench.output("e1-err")) {
        shim.exec(
            "e1",
            bench.process("echo from exec; echo bad >&2; exit 3", false),
            new ProcessIo("", out.path(), err.path(), false));
        var ended = shim.exit("e1");
        int pid = shim.start("e1");
        assertTrue(pid > 0);
        assertEquals(3, ended.get(20, TimeUnit.SECONDS).status());
        assertEquals("from exec\n", out.text());
        assertEquals("bad\n", err.text());
        assertEquals(TaskStatus.STOPPED, shim.state("e1").status());
        assertEquals(3, shim.delete("e1").status());
        EngineException gone = assertThrows(EngineException.class, () -> shim.state("e1"));
        assertEquals(ErrorKind.NOT_FOUND, gone.kind());
      }
      assertEquals(TaskStatus.RUNNING, shim.state("").status());
    }
  }

  @Test
  void exec_commandMissingSaysSo() throws Exception {
    try (RuntimeBench.Container container = bench.running("exec-missing")) {
      Shim shim = container.shim();
      shim.exec("e1", bench.processOf(List.of("/no/such/program")), ProcessIo.NONE);
      EngineException e = assertThrows(EngineException.class, () -> shim.start("e1"));
      assertTrue(
          String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("no such file"),
          e.toString());
    }
  }

  @Test
  void pids_tellTheExec() throws Exception {
    try (RuntimeBench.Container container = bench.running("pids")) {
      Shim shim = container.shim();
      shim.exec("e1", bench.process("sleep 1000", false), ProcessIo.NONE);
      int pid = shim.start("e1");
      List<ProcessDetails> pids = shim.pids();
      assertTrue(pids.stream().anyMatch(p -> p.pid() == container.pid()), pids.toString());
      assertTrue(
          pids.stream().anyMatch(p -> p.pid() == pid && "e1".equals(p.execId())), pids.toString());
      shim.kill("e1", 15, false);
      assertEquals(143, shim.exit("e1").get(20, TimeUnit.SECONDS).status());
    }
  }

  @Test
  void pause_freezesAndThaws() throws Exception {
    try (RuntimeBench.Container container =
        bench.create("paused", "while true; do echo tick; sleep 0.1; done")) {
      Shim shim = container.shim();
      shim.start("");
      container.awaitOutput("tick\n");
      shim.pause();
      assertEquals(TaskStatus.PAUSED, shim.state("").status());
      Thread.sleep(300); // what was on its way has come
      String before = container.stdout();
      Thread.sleep(700);
      assertEquals(before, container.stdout());
      shim.resume();
      assertEquals(TaskStatus.RUNNING, shim.state("").status());
      container.awaitOutput(before + "tick\n");
    }
  }

  @Test
  void terminal_resize() throws Exception {
    try (RuntimeBench.Container container =
        bench.createTerminal("terminal", "read line; stty size; echo got $line")) {
      Shim shim = container.shim();
      shim.start("");
      shim.resize("", 101, 37);
      container.write("hello\n");
      assertEquals(0, container.end().status());
      String shown = container.stdout();
      assertTrue(shown.contains("37 101"), shown);
      assertTrue(shown.contains("got hello"), shown);
    }
  }

  @Test
  void closeStdin_endsTheReader() throws Exception {
    try (RuntimeBench.Container container = bench.createInteractive("stdin", "cat; echo end")) {
      container.shim().start("");
      container.write("some\ntext");
      container.awaitOutput("some\ntext");
      container.closeInput();
      container.shim().closeStdin("");
      assertEquals(0, container.end().status());
      assertEquals("some\ntextend\n", container.stdout());
    }
  }

  @Test
  void update_andMetrics() throws Exception {
    try (RuntimeBench.Container container = bench.running("limits")) {
      byte[] resources = "{\"pids\":{\"limit\":50}}".getBytes(StandardCharsets.UTF_8);
      container.shim().update(new TypedBytes(TypedBytes.OCI_LINUX_RESOURCES, resources), Map.of());
      assertEquals(50, bench.pidsLimit("limits"));
      TypedBytes metrics = container.shim().metrics();
      assertTrue(metrics.typeUrl().contains("Metrics"), metrics.typeUrl());
      assertTrue(metrics.value().length > 0);
    }
  }

  @Test
  void create_commandMissingLeavesNothing() throws Exception {
    Shim shim = bench.launch("missing", bench.specOf(List.of("/no/such/program")));
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> {
              shim.create(bench.taskCreate(ProcessIo.NONE));
              shim.start("");
            });
    assertTrue(
        String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("no such file"),
        e.toString());
    shim.destroy();
    bench.assertNothingLeft("missing", shim.info().pid());
  }

  @Test
  void launch_idTaken() throws Exception {
    try (RuntimeBench.Container container = bench.running("taken")) {
      EngineException e =
          assertThrows(
              EngineException.class, () -> bench.launch("taken", bench.spec("true", false)));
      assertEquals(ErrorKind.ALREADY_EXISTS, e.kind());
      assertEquals(TaskStatus.RUNNING, container.shim().state("").status());
    }
  }

  @Test
  void shutdown_leavesNothingAndTheIdIsFree() throws Exception {
    for (int round = 0; round < 2; round++) {
      RuntimeBench.Container container = bench.running("again");
      Shim shim = container.shim();
      EngineException e = assertThrows(EngineException.class, shim::shutdown);
      assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
      shim.kill("", 9, false);
      container.end();
      shim.delete("");
      shim.shutdown();
      bench.assertNothingLeft("again", shim.info().pid());
      container.forget();
    }
  }

  @Test
  void shimKilled_connectionBreaksAndCleanUpEndsTheContainer() throws Exception {
    RuntimeBench.Container container = bench.running("orphan");
    Shim shim = container.shim();
    var exit = shim.exit("");
    ProcessId.of(shim.info().pid()).orElseThrow().signal(Signal.KILL);
    shim.closed().get(10, TimeUnit.SECONDS);
    assertTrue(exit.handle((value, failure) -> failure != null).get(10, TimeUnit.SECONDS));
    ProcessId init = ProcessId.of(container.pid()).orElseThrow();
    Exit end = bench.shims().cleanUp(bench.namespace(), shim.info().id());
    assertTrue(end.status() == 137 || end.status() == Exit.UNKNOWN_STATUS, end.toString());
    assertFalse(init.alive());
    bench.assertNothingLeft("orphan", shim.info().pid());
    EngineException again =
        assertThrows(
            EngineException.class,
            () -> bench.shims().cleanUp(bench.namespace(), shim.info().id()));
    assertEquals(ErrorKind.NOT_FOUND, again.kind());
    container.forget();
  }

  @Test
  void cleanUp_refusedWhileTheShimLives() throws Exception {
    try (RuntimeBench.Container container = bench.running("alive")) {
      EngineException e =
          assertThrows(
              EngineException.class,
              () -> bench.shims().cleanUp(bench.namespace(), container.shim().info().id()));
      assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
      assertEquals(TaskStatus.RUNNING, container.shim().state("").status());
    }
  }

  @Test
  void recover_runningEndedAndDead() throws Exception {
    RuntimeBench.Container runs = bench.running("runs");
    RuntimeBench.Container dead = bench.running("dead");
    Path go = bench.rootfs().resolve("go");
    RuntimeBench.Container waits =
        bench.create("waits", "while [ ! -e /go ]; do sleep 0.05; done; exit 5");
    waits.shim().start("");
    bench.closeShims();
    // Meanwhile one ends by itself and one loses its shim.
    Files.createFile(go);
    ProcessId waiting = ProcessId.of(waits.pid()).orElseThrow();
    bench.await("the container has ended", () -> !waiting.alive());
    ProcessId shim = ProcessId.of(dead.shim().info().pid()).orElseThrow();
    shim.signal(Signal.KILL);
    bench.await("the shim has ended", () -> !shim.alive());

    bench.openShims();
    List<FoundShim> found = bench.shims().recover();
    assertEquals(3, found.size(), found.toString());
    for (FoundShim one : found) {
      switch (one.id().value()) {
        case "runs" -> {
          Shim again = assertInstanceOf(FoundShim.Live.class, one).shim();
          assertEquals(TaskStatus.RUNNING, again.state("").status());
          assertEquals(runs.pid(), again.state("").pid());
          assertEquals(runs.shim().info(), again.info());
          runs.take(again);
        }
        case "waits" -> {
          Shim again = assertInstanceOf(FoundShim.Live.class, one).shim();
          TaskState state = again.state("");
          assertEquals(TaskStatus.STOPPED, state.status());
          assertEquals(5, Objects.requireNonNull(state.exit()).status());
          assertEquals(5, again.exit("").get(10, TimeUnit.SECONDS).status());
          waits.take(again);
        }
        case "dead" -> {
          Exit exit = assertInstanceOf(FoundShim.Dead.class, one).exit();
          assertTrue(exit.status() == 137 || exit.status() == Exit.UNKNOWN_STATUS);
          bench.assertNothingLeft("dead", dead.shim().info().pid());
          dead.forget();
        }
        default -> throw new AssertionError(one);
      }
    }
    // What is connected stays as it is.
    assertEquals(2, bench.shims().recover().size());
    runs.shim().kill("", 15, false);
    runs.shim().kill("", 9, false);
    assertEquals(137, runs.end().status());
    runs.close();
    waits.close();
  }

  @Test
  void events_inOrder() throws Exception {
    try (var listening = bench.shims().listen(bench.events()::took);
        RuntimeBench.Container container = bench.running("told")) {
      assertNotNull(listening);
      Shim shim = container.shim();
      shim.exec("e1", bench.process("exit 3", false), ProcessIo.NONE);
      var ended = shim.exit("e1");
      shim.start("e1");
      ended.get(20, TimeUnit.SECONDS);
      shim.delete("e1");
      shim.pause();
      shim.resume();
      shim.kill("", 9, false);
      container.end();
      shim.delete("");
      List<Event> events = bench.events().await("told", Event.TaskDelete.class);
      assertEquals(
          List.of(
              "/tasks/create",
              "/tasks/start",
              "/tasks/exec-added",
              "/tasks/exec-started",
              "/tasks/exit",
              "/tasks/paused",
              "/tasks/resumed",
              "/tasks/exit",
              "/tasks/delete"),
          events.stream().map(Event::topic).toList());
      Event.TaskCreated created = (Event.TaskCreated) events.getFirst();
      assertEquals(container.pid(), created.pid());
      Event.TaskExit first =
          events.stream()
              .filter(Event.TaskExit.class::isInstance)
              .map(Event.TaskExit.class::cast)
              .findFirst()
              .orElseThrow();
      assertEquals("e1", first.id());
      assertEquals(3, first.exitStatus());
      Event.TaskExit last =
          events.reversed().stream()
              .filter(Event.TaskExit.class::isInstance)
              .map(Event.TaskExit.class::cast)
              .findFirst()
              .orElseThrow();
      assertEquals("told", last.id());
      assertEquals(137, last.exitStatus());
    }
  }

  @Test
  void events_refusedWhileNobodyListensComeLater() throws Exception {
    try (RuntimeBench.Container container = bench.running("later")) {
      Thread.sleep(Duration.ofMillis(300));
      try (var listening = bench.shims().listen(bench.events()::took)) {
        assertNotNull(listening);
        List<Event> events = bench.events().await("later", Event.TaskStart.class);
        assertEquals("/tasks/create", events.getFirst().topic());
        EngineException second =
            assertThrows(EngineException.class, () -> bench.shims().listen(bench.events()::took));
        assertEquals(ErrorKind.FAILED_PRECONDITION, second.kind());
      }
      assertTrue(container.pid() > 0);
    }
  }

  @Test
  void close_leavesContainersAndNoThread() throws Exception {
    try (RuntimeBench.Container container = bench.running("left")) {
      bench.closeShims();
      assertTrue(ProcessId.of(container.pid()).orElseThrow().alive());
      // A pool is closed a moment before its last thread is gone.
      Instant end = Instant.now().plusSeconds(30);
      while (!shimThreads().isEmpty() && Instant.now().isBefore(end)) {
        Thread.sleep(10);
      }
      assertEquals(List.of(), shimThreads());
      bench.openShims();
      FoundShim.Live live =
          assertInstanceOf(FoundShim.Live.class, bench.shims().recover().getFirst());
      container.take(live.shim());
    }
  }

  private static List<String> shimThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("felucca-shim"))
        .toList();
  }
}
