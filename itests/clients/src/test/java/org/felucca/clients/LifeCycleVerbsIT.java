package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What containers are told while they run: pause, update, restart, rename, and what they use. */
class LifeCycleVerbsIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  @AfterEach
  void removeContainers() {
    engine.removeContainers();
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static JsonObject summary(String container) {
    return felucca("inspect", "--format", "json", container)
        .json()
        .getFirst()
        .requiredObject("summary");
  }

  private static long pid(String container) {
    return summary(container).requiredNumber("pid");
  }

  private static String shared() {
    try {
      return Files.createTempDirectory(engine.base(), "shared").toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file).strip() : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A container that counts in a file of this machine. */
  private static Path counting(String name, String runtime) {
    String folder = shared();
    felucca(
            "run",
            "-d",
            "--name",
            name,
            "--runtime",
            runtime,
            "-v",
            folder + ":/out",
            "busybox",
            "sh",
            "-c",
            "i=0; while :; do i=$((i+1)); echo $i > /out/next; mv /out/next /out/now; sleep 0.01; done")
        .ok();
    Path counter = Path.of(folder, "now");
    Commands.await("it counts", () -> !read(counter).isEmpty());
    return counter;
  }

  private static void awaitMore(Path counter) {
    int before = Integer.parseInt(read(counter));
    Commands.await("it counts on", () -> Integer.parseInt(read(counter)) > before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void pause_freezesUntilUnpause_alsoOverTheEndOfTheEngine(String runtime) {
    Path counter = counting("frozen", runtime);
    felucca("pause", "frozen").prints("frozen\n");
    String stands = read(counter);
    assertEquals("paused", engine.status("frozen"));
    assertTrue(felucca("ps").ok().out().contains("(paused)"));
    felucca("pause", "frozen").refused("frozen", "paused already");
    felucca("exec", "frozen", "true").refused("frozen", "paused", "felucca unpause frozen");
    felucca("start", "frozen").refused("frozen", "paused");
    felucca("rm", "frozen").refused("frozen", "paused");
    engine.kill();
    engine.startEngine();
    assertEquals("paused", engine.status("frozen"));
    assertEquals(stands, read(counter));
    felucca("unpause", "frozen").prints("frozen\n");
    assertEquals("running", engine.status("frozen"));
    awaitMore(counter);
    felucca("unpause", "frozen").refused("frozen", "not paused");
    felucca("stop", "-t", "0", "frozen").ok();
    felucca("pause", "frozen").refused("frozen", "does not run");
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void paused_stopKillAndRemove_letItGoOnFirst(String runtime) {
    String obedient = "trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done";
    for (String name : List.of("stopped", "killed", "hard", "removed")) {
      felucca("run", "-d", "--name", name, "--runtime", runtime, "busybox", "sh", "-c", obedient)
          .ok();
      Commands.await("it is up", () -> felucca("logs", name).out().equals("up\n"));
    }
    felucca("pause", "stopped", "killed", "hard", "removed").ok();
    felucca("stop", "-t", "60", "stopped").ok();
    assertEquals(7, summary("stopped").number("exit_status", -1));
    felucca("kill", "-s", "TERM", "killed").ok();
    felucca("wait", "killed").prints("7\n");
    felucca("kill", "hard").ok();
    felucca("wait", "hard").prints("137\n");
    felucca("rm", "-f", "removed").ok();
    felucca("inspect", "removed").refused("removed");
  }

  @Test
  void top_showsProcessesByTheUsualColumnsAndByThoseOfPs() {
    engine.detached("busy", "sleep 1000 & exec sleep 2000");
    Commands.await("both sleep", () -> felucca("top", "busy").ok().out().lines().count() == 3);
    String usual = felucca("top", "busy").ok().out();
    assertTrue(
        usual.lines().findFirst().orElse("").matches("UID +PID +PPID +C +STIME +TTY +TIME +CMD"),
        usual);
    assertTrue(usual.contains("sleep 1000") && usual.contains("sleep 2000"), usual);
    assertTrue(usual.contains(" " + pid("busy") + " "), usual);
    String own = felucca("top", "busy", "-eo", "pid,args").ok().out();
    assertTrue(own.startsWith("PID") && own.contains("sleep 2000"), own);
    assertEquals(3, own.lines().count(), own);
    felucca("top", "busy", "-eo", "args").refused("PID");
    felucca("top", "busy", "--no-such-option").refused("ps --no-such-option");
    felucca("kill", "busy").ok();
    engine.awaitStatus("busy", "stopped");
    felucca("top", "busy").refused("busy", "does not run");
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void stats_showsWhatIsUsed_ofSeveral(String runtime) {
    felucca(
            "run",
            "-d",
            "--name",
            "hot",
            "--runtime",
            runtime,
            "-m",
            "64m",
            "--pids-limit",
            "20",
            "busybox",
            "sh",
            "-c",
            "while :; do :; done")
        .ok();
    felucca("create", "--name", "cold", "busybox", "true").ok();
    List<JsonObject> rows =
        felucca("stats", "--no-stream", "--format", "json", "hot", "cold").json();
    assertEquals(2, rows.size());
    JsonObject hot = rows.getFirst();
    assertEquals("hot", hot.requiredString("name"));
    assertEquals(64L << 20, hot.requiredNumber("memory_limit"));
    assertEquals(20, hot.requiredNumber("process_limit"));
    assertTrue(hot.requiredNumber("memory") > 0, hot::toString);
    assertTrue(hot.requiredNumber("cpu_nanos") > 0, hot::toString);
    assertTrue(Double.parseDouble(String.valueOf(hot.get("cpu_percent"))) > 0, hot::toString);
    assertEquals(1, hot.requiredNumber("processes"));
    assertTrue(!rows.getLast().has("memory"), rows::toString);
    Result table = felucca("stats", "--no-stream");
    assertTrue(
        table
            .ok()
            .out()
            .matches(
                "(?s)CONTAINER ID +NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET I/O +BLOCK I/O +PIDS\n.*"),
        table::toString);
    assertEquals(2, table.out().lines().count(), table::toString);
    assertTrue(table.out().contains("/ 64.0MiB"), table::toString);
    Running live = engine.inBackground("stats", "--format", "json", "hot");
    live.awaitMoreLines(2);
    live.signal("INT");
    live.await();
  }

  /** The file of a cgroup, by its names in version 1 and version 2. */
  private static String limit(String id, String controller, String first, String second) {
    Path all = Path.of("/sys/fs/cgroup");
    return Stream.of(
            all.resolve(controller).resolve("felucca").resolve(engine.namespace()).resolve(id),
            all.resolve("felucca").resolve(engine.namespace()).resolve(id))
        .flatMap(folder -> Stream.of(folder.resolve(first), folder.resolve(second)))
        .filter(Files::exists)
        .map(LifeCycleVerbsIT::read)
        .findFirst()
        .orElse("no such cgroup");
  }

  private static String memoryLimit(String id) {
    return limit(id, "memory", "memory.limit_in_bytes", "memory.max");
  }

  private static String pidsLimit(String id) {
    return limit(id, "pids", "pids.max", "pids.max");
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void update_changesTheLimitsNow_andForTheNextStart(String runtime) {
    String id =
        felucca("run", "-d", "--name", "grown", "--runtime", runtime, "busybox", "sleep", "1000")
            .line();
    felucca("update", "--memory", "64m", "--memory-swap", "-1", "--pids-limit", "33", "grown")
        .prints("grown\n");
    assertEquals(Long.toString(64L << 20), memoryLimit(id));
    assertEquals("33", pidsLimit(id));
    felucca("update", "--memory", "96m", "grown").ok();
    assertEquals(Long.toString(96L << 20), memoryLimit(id));
    assertEquals("33", pidsLimit(id));
    felucca("restart", "-t", "0", "grown").ok();
    assertEquals(Long.toString(96L << 20), memoryLimit(id));
    assertEquals("33", pidsLimit(id));
    felucca("stop", "-t", "0", "grown").ok();
    felucca("update", "--pids-limit", "44", "grown").ok();
    felucca("start", "grown").ok();
    assertEquals("44", pidsLimit(id));
  }

  @Test
  void update_thatMakesNoSense_changesNothing() {
    String id = engine.detached("steady", "sleep 1000");
    String before = pidsLimit(id);
    felucca("update", "steady").refused("nothing to change");
    felucca("update", "--cpuset-cpus", "9999", "--pids-limit", "55", "steady").refused("cpu");
    felucca("update", "--memory", "lots", "steady").refused("--memory");
    felucca("update", "--restart", "sometimes", "steady").refused("sometimes", "on-failure");
    felucca("update", "--pids-limit", "55", "nobody").refused("nobody");
    felucca("restart", "-t", "0", "steady").ok();
    assertEquals(before, pidsLimit(id));
  }

  @Test
  void restart_endsAndStarts_whateverItDid() {
    engine.detached("again", "echo one more; exec sleep 1000");
    long first = pid("again");
    Commands.await("it wrote", () -> felucca("logs", "again").out().equals("one more\n"));
    felucca("restart", "-t", "0", "again").prints("again\n");
    assertNotEquals(first, pid("again"));
    Commands.await(
        "it wrote twice", () -> felucca("logs", "again").out().equals("one more\none more\n"));
    felucca("stop", "-t", "0", "again").ok();
    felucca("restart", "again").ok();
    assertEquals("running", engine.status("again"));
    felucca("restart", "nobody").refused("nobody");
  }

  @Test
  void restart_ofOneThatRemovesItself_keepsIt() {
    String id = felucca("run", "-d", "--rm", "--name", "kept", "busybox", "sleep", "1000").line();
    felucca("restart", "-t", "0", "kept").ok();
    assertEquals("running", engine.status("kept"));
    felucca("stop", "-t", "0", "kept").ok();
    Commands.await("it has gone", () -> felucca("inspect", id).status() == 125);
  }

  @Test
  void rename_movesTheName() {
    String id = engine.detached("before", "sleep 1000");
    engine.detached("taken", "sleep 1000");
    felucca("rename", "before", "after").prints("");
    assertEquals(id, summary("after").requiredString("id"));
    felucca("inspect", "before").refused("before");
    felucca("rename", "after", "taken").refused("taken");
    felucca("rename", "after", "after").refused("after");
    felucca("rename", "after", "../x").refused("../x");
    engine.detached("before", "sleep 1000");
  }

  @Test
  void severalAtOnce_waitAndRemove() {
    engine.detached("three", "exit 3");
    engine.detached("four", "sleep 0.1; exit 4");
    engine.detached("five", "exit 5");
    felucca("wait", "three", "four", "five").prints("3\n4\n5\n");
    felucca("wait", "three", "nobody").fails(125, "nobody");
    engine.detached("busy", "sleep 1000");
    Result removed = felucca("rm", "-f", "three", "busy", "nobody", "four");
    removed.fails(125, "nobody");
    assertEquals("three\nbusy\nfour\n", removed.out());
    felucca("ps", "-a", "--format", "{{.Names}}").prints("five\n");
  }

  @Test
  void prune_removesWhatDoesNotRun() {
    engine.detached("runs", "sleep 1000");
    felucca("create", "--name", "never", "--label", "keep=1", "busybox", "true").ok();
    engine.detached("ended", "true");
    engine.detached("paused", "sleep 1000");
    felucca("pause", "paused").ok();
    felucca("wait", "ended").ok();
    engine.awaitStatus("ended", "stopped");
    felucca("container", "prune").refused("--force");
    felucca("container", "prune", "--force", "--filter", "nonsense=1").refused("nonsense=1");
    felucca("container", "prune", "--force", "--filter", "until=1000h").prints("");
    String ended = summary("ended").requiredString("id");
    felucca("container", "prune", "--force", "--filter", "label!=keep").prints(ended + "\n");
    assertEquals("created", engine.status("never"));
    felucca("container", "prune", "-f").ok();
    List<String> left =
        felucca("ps", "-a", "--format", "{{.Names}}").ok().out().lines().sorted().toList();
    assertEquals(List.of("paused", "runs"), left);
  }
}
