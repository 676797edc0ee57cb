package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SpawnerTest {
  private final Scratch scratch = Scratch.onDisk();
  private final Epoll epoll = Epoll.start("felucca-test-spawn");
  private final Spawner spawner = new Spawner(epoll);

  @AfterEach
  void cleanUp() {
    epoll.close();
    scratch.close();
  }

  private static SpawnRequest shell(String script) {
    return SpawnRequest.of("/bin/sh", "-c", script).withDeadline(Duration.ofSeconds(20));
  }

  private SpawnResult run(SpawnRequest request) throws InterruptedException {
    SpawnResult result = spawner.run(request);
    awaitNothingWatched();
    return result;
  }

  private void awaitNothingWatched() throws InterruptedException {
    for (int i = 0; i < 100 && epoll.size() > 0; i++) {
      Thread.sleep(10);
    }
    assertEquals(0, epoll.size(), "descriptors are still watched");
  }

  private static Set<String> openDescriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return new TreeSet<>(open.map(path -> path.getFileName().toString()).toList());
    }
  }

  @Test
  void run_statusOutputAndError_areApart() throws Exception {
    SpawnResult result = run(shell("echo out; echo err >&2; exit 3"));
    assertEquals("out\n", result.outputText());
    assertEquals("err\n", result.errorText());
    assertEquals(3, result.status());
    assertEquals(0, result.signal());
    assertFalse(result.succeeded() || result.truncated() || result.timedOut());
    assertTrue(result.complete());
  }

  @Test
  void run_merged_keepsTheOrder() throws Exception {
    SpawnResult result = run(shell("echo 1; echo 2 >&2; echo 3").withMergedOutput());
    assertEquals("1\n2\n3\n", result.outputText());
    assertEquals("", result.errorText());
    assertTrue(result.succeeded());
  }

  @Test
  void run_killedBySignal_isTold() throws Exception {
    SpawnResult result = run(shell("kill -SEGV $$"));
    assertEquals(11, result.signal());
    assertEquals(128 + 11, result.status());
  }

  @Test
  void run_argumentsEnvironmentAndFolder_areExact() throws Exception {
    String folder = scratch.folder("a b");
    List<String> command = List.of("/usr/bin/printf", "[%s]", "", "a b", "ü$x'\"", "-n", "\n");
    assertEquals("[][a b][ü$x'\"][-n][\n]", run(SpawnRequest.of(command)).outputText());
    SpawnResult result =
        run(
            SpawnRequest.of("/bin/sh", "-c", "pwd; /usr/bin/env")
                .withFolder(folder)
                .withEnvironment(Map.of("A", "1 = 2", "B", "")));
    List<String> lines = result.outputText().lines().toList();
    assertEquals(folder, lines.getFirst());
    assertTrue(lines.containsAll(List.of("A=1 = 2", "B=")), lines::toString);
    // What a shell adds by itself is all that may be there beside.
    List<String> others =
        lines.subList(1, lines.size()).stream()
            .filter(line -> !line.matches("(A|B|PWD|OLDPWD|SHLVL|_)=.*"))
            .toList();
    assertEquals(List.of(), others);
  }

  @Test
  void run_inputAndOutputLargerThanPipes_goThrough() throws Exception {
    byte[] input = new byte[3_000_000];
    new Random(1).nextBytes(input);
    SpawnResult result =
        run(SpawnRequest.of("/bin/cat").withInput(input).withOutputLimit(input.length));
    assertArrayEquals(input, result.output());
    assertFalse(result.truncated());
  }

  @Test
  void run_inputThatNobodyReads_isNoFailure() throws Exception {
    SpawnResult result = run(shell("exec <&-; echo done").withInput(new byte[3_000_000]));
    assertEquals("done\n", result.outputText());
    assertTrue(result.succeeded());
    assertEquals("", run(SpawnRequest.of("/bin/cat")).outputText()); // no input ends at once
  }

  @Test
  void run_moreOutputThanTheLimit_isDroppedAndDoesNotBlock() throws Exception {
    SpawnResult result =
        run(
            shell("head -c 10000000 /dev/zero; head -c 5000000 /dev/zero >&2; echo x >&2")
                .withOutputLimit(1000));
    assertTrue(result.succeeded());
    assertTrue(result.truncated());
    assertEquals(1000, result.output().length);
    assertEquals(1000, result.error().length);
  }

  @Test
  void run_childSees_onlyItsThreeDescriptors() throws Exception {
    // Some that are not close-on-exec: other libraries may leave such.
    List<Descriptor> inherited = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Descriptor descriptor = Descriptor.open("/dev/null", OpenFlags.O_RDONLY, 0);
      inherited.add(descriptor);
      descriptor.call("fcntl", null, fd -> Libc.fcntl(fd, 2, 0)); // F_SETFD
    }
    SpawnResult result = run(SpawnRequest.of("/bin/ls", "/proc/self/fd"));
    inherited.forEach(Descriptor::close);
    // 3 is the folder that ls itself reads.
    assertEquals("0\n1\n2\n3\n", result.outputText());
  }

  @Test
  void run_childLeads_itsOwnSessionAndHasDefaultSignals() throws Exception {
    SpawnResult result = run(SpawnRequest.of("/bin/cat", "/proc/self/stat", "/proc/self/status"));
    String[] stat = result.outputText().lines().findFirst().orElseThrow().split(" ", -1);
    assertEquals(stat[0], stat[4]); // process group
    assertEquals(stat[0], stat[5]); // session
    for (String mask : List.of("SigBlk", "SigIgn", "SigCgt")) {
      String line =
          result.outputText().lines().filter(l -> l.startsWith(mask)).findFirst().orElseThrow();
      // 32 and 33 are the C library's own; its posix_spawn leaves them ignored.
      long signals = Long.parseUnsignedLong(line.substring(line.indexOf('\t') + 1), 16);
      assertEquals(0, signals & ~0x180000000L, line);
    }
  }

  @Test
  void run_pastTheDeadline_killsTheWholeGroup() throws Exception {
    long start = System.nanoTime();
    SpawnResult result =
        run(
            shell("trap '' TERM; sleep 100 & echo $!; sleep 100; echo never")
                .withDeadline(Duration.ofMillis(300)));
    assertTrue(System.nanoTime() - start < 5_000_000_000L);
    assertTrue(result.timedOut());
    assertEquals(9, result.signal());
    assertFalse(result.succeeded());
    int child = Integer.parseInt(result.outputText().strip());
    for (int i = 0; i < 100 && ProcessId.of(child).map(ProcessId::alive).orElse(false); i++) {
      Thread.sleep(10);
    }
    assertFalse(ProcessId.of(child).map(ProcessId::alive).orElse(false));
  }

  @Test
  void run_childLeftBehindWithOurOutput_isNotWaitedForBeyondTheGrace() throws Exception {
    long start = System.nanoTime();
    SpawnResult result = run(shell("sleep 100 & echo $!").withGrace(Duration.ofMillis(200)));
    assertTrue(System.nanoTime() - start < 10_000_000_000L);
    assertTrue(result.succeeded());
    assertFalse(result.complete());
    ProcessId child = ProcessId.of(Integer.parseInt(result.outputText().strip())).orElseThrow();
    assertTrue(child.alive(), "what a program leaves behind lives on");
    assertTrue(child.signal(Signal.KILL));
  }

  @Test
  void run_interrupted_killsAndThrows() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      scratch.folder("x");
      Callable<SpawnResult> work =
          () ->
              spawner.run(
                  shell("echo $$ > pid.new; mv pid.new pid; exec sleep 100")
                      .withFolder(scratch.path())
                      .withDeadline(Duration.ofSeconds(100)));
      Future<SpawnResult> running = threads.submit(work);
      Path file = Path.of(scratch.path("pid"));
      for (int i = 0; i < 500 && !Files.exists(file); i++) {
        Thread.sleep(10);
      }
      ProcessId process = ProcessId.of(Integer.parseInt(scratch.read("pid").strip())).orElseThrow();
      assertThrows(TimeoutException.class, () -> running.get(50, TimeUnit.MILLISECONDS));
      running.cancel(true);
      for (int i = 0; i < 500 && process.alive(); i++) {
        Thread.sleep(10);
      }
      assertFalse(process.alive());
    }
    awaitNothingWatched();
  }

  @Test
  void run_whatCannotStart_saysWhichAndWhy() throws Exception {
    LinuxException missing =
        Expect.fails(Errno.ENOENT, () -> spawner.run(SpawnRequest.of("/no/such/program")));
    assertTrue(
        missing.getMessage().contains("open(/no/such/program): ENOENT"), missing::getMessage);
    LinuxException folder =
        Expect.fails(
            Errno.ENOENT, () -> spawner.run(SpawnRequest.of("/bin/true").withFolder("/no/folder")));
    assertTrue(folder.getMessage().contains("open(/no/folder): ENOENT"), folder::getMessage);
    String file = scratch.file("not-executable", "#!/bin/sh\n");
    Expect.fails(Errno.EACCES, () -> spawner.run(SpawnRequest.of(file)));
    String rubbish = scratch.file("rubbish", "\1\2\3");
    try (Descriptor descriptor = Descriptor.open(rubbish, OpenFlags.O_RDONLY, 0)) {
      InodeAttributes.chmod(descriptor, 0755);
    }
    Expect.fails(Errno.ENOEXEC, () -> spawner.run(SpawnRequest.of(rubbish)));
    Expect.fails(Errno.EINVAL, () -> spawner.run(SpawnRequest.of("/bin/echo", "a\0b")));
    assertThrows(IllegalArgumentException.class, () -> SpawnRequest.of("true"));
    assertThrows(IllegalArgumentException.class, () -> SpawnRequest.of(List.of()));
    SpawnRequest plain = SpawnRequest.of("/bin/true");
    for (String name : List.of("", "A=B")) {
      assertThrows(IllegalArgumentException.class, () -> plain.withEnvironment(Map.of(name, "x")));
    }
    assertTrue(run(plain.withDeadline(Duration.ofSeconds(Long.MAX_VALUE))).succeeded());
    awaitNothingWatched();
  }

  @Test
  void run_manyAtOnce_leaksNothing() throws Exception {
    run(shell("true"));
    Set<String> before = openDescriptors();
    Set<Long> pids = new TreeSet<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> results = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        String word = " word" + i;
        Callable<String> work =
            () -> spawner.run(shell("echo $$" + word).withInput(new byte[9])).outputText();
        results.add(threads.submit(work));
      }
      for (int i = 0; i < 200; i++) {
        String[] words = results.get(i).get(60, TimeUnit.SECONDS).strip().split(" ", -1);
        assertEquals("word" + i, words[1]);
        pids.add(Long.valueOf(words[0]));
      }
    }
    awaitNothingWatched();
    Set<String> leaked = openDescriptors();
    leaked.removeAll(before);
    assertTrue(leaked.size() <= 2, "left open: " + leaked); // listing itself opens one
    // Nor is one of them left as a zombie.
    pids.retainAll(ProcessHandle.current().children().map(ProcessHandle::pid).toList());
    assertEquals(Set.of(), pids);
  }

  @Test
  void run_onAClosedEpoll_leavesNoProcess() {
    Epoll closed = Epoll.start("felucca-test-closed");
    closed.close();
    Spawner other = new Spawner(closed);
    Expect.fails(Errno.EBADF, () -> other.run(shell("sleep 100")));
    assertEquals(
        0,
        ProcessHandle.current()
            .children()
            .filter(child -> child.info().commandLine().orElse("").contains("sleep 100"))
            .count());
  }
}
