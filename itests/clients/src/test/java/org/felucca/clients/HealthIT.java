package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Health checks: what they find, what they may not harm, and that they go on. */
class HealthIT {
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

  private static JsonObject document(String container) {
    return felucca("inspect", "--format", "json", container).json().getFirst();
  }

  private static JsonObject health(String container) {
    return document(container).requiredObject("health");
  }

  private static String status(String container) {
    return document(container).requiredObject("summary").string("health", "");
  }

  private static void awaitHealth(String container, String status) {
    Commands.await(container + " is " + status, () -> status(container).equals(status));
  }

  private static List<JsonObject> results(String container) {
    return health(container).objects("results");
  }

  private static Path folder() {
    try {
      return Files.createTempDirectory(engine.base(), "health");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void make(Path file) {
    try {
      Files.createFile(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A container with this check, which sees a folder of this machine at /in. */
  private static void checked(String name, Path folder, String check, String... options) {
    checkedEvery("100ms", name, folder, check, options);
  }

  private static void checkedEvery(
      String interval, String name, Path folder, String check, String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "run",
                "-d",
                "--name",
                name,
                "-v",
                folder + ":/in",
                "--health-cmd",
                check,
                "--health-interval",
                interval));
    arguments.addAll(List.of(options));
    arguments.addAll(List.of("busybox", "sleep", "1000"));
    felucca(arguments.toArray(String[]::new)).ok();
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void check_succeedsAndFails_andSaysWhy(String runtime) {
    Path folder = folder();
    make(folder.resolve("well"));
    checked(
        "web",
        folder,
        "echo looking; echo there >&2; test -e /in/well",
        "--health-retries",
        "2",
        "--runtime",
        runtime);
    awaitHealth("web", "healthy");
    assertTrue(felucca("ps").ok().out().contains("(healthy)"));
    JsonObject last = results("web").getLast();
    assertEquals(0, last.number("exit_code", -2));
    // Which of two streams comes first is not known.
    assertEquals(
        List.of("looking", "there"),
        String.valueOf(last.string("output")).lines().sorted().toList());
    assertNotNull(last.instant("start"));
    assertTrue(folder.resolve("well").toFile().delete());
    awaitHealth("web", "unhealthy");
    assertTrue(felucca("ps").ok().out().contains("(unhealthy)"));
    Commands.await("five results are kept", () -> results("web").size() == 5);
    assertTrue(health("web").number("failing_streak", 0) >= 2);
    assertEquals(1, results("web").getLast().number("exit_code", -2));
    felucca("inspect", "--format", "{{.State.Health.Status}}", "web").prints("unhealthy\n");
    make(folder.resolve("well"));
    awaitHealth("web", "healthy");
    felucca("stop", "-t", "0", "web").ok();
    assertFalse(felucca("ps", "-a").ok().out().contains("(healthy)"));
    Running events = engine.inBackground("events", "--since", "0");
    String id = document("web").requiredObject("summary").requiredString("id");
    Commands.await(
        "the events say so",
        () ->
            events
                .out()
                .lines()
                .filter(line -> line.contains("/felucca/health") && line.contains(id))
                .map(line -> line.replaceAll(".*\"status\":\"([a-z]*)\".*", "$1"))
                .limit(3)
                .toList()
                .equals(List.of("healthy", "unhealthy", "healthy")));
    events.end();
  }

  @Test
  void startPeriod_failuresDoNotCount() {
    Path folder = folder();
    checked(
        "slow",
        folder,
        "test -e /in/well",
        "--health-start-period",
        "1h",
        "--health-start-interval",
        "50ms",
        "--health-retries",
        "1");
    Commands.await("it was checked often", () -> results("slow").size() == 5);
    assertEquals("starting", status("slow"));
    assertTrue(felucca("ps").ok().out().contains("(health: starting)"));
    make(folder.resolve("well"));
    awaitHealth("slow", "healthy");
    assertTrue(folder.resolve("well").toFile().delete());
    awaitHealth("slow", "unhealthy");
  }

  @Test
  void hangingCheck_isKilledWithItsChildren_andHarmsNobodyElse() {
    Path folder = folder();
    checkedEvery(
        "1s",
        "hangs",
        folder,
        "sleep 4711 & echo waiting; sleep 4712",
        "--health-timeout",
        "500ms",
        "--health-retries",
        "1");
    checked(
        "floods", folder, "cat /dev/zero", "--health-timeout", "500ms", "--health-retries", "1");
    checked("other", folder, "true");
    awaitHealth("hangs", "unhealthy");
    awaitHealth("floods", "unhealthy");
    awaitHealth("other", "healthy");
    Commands.await(
        "its output is shown",
        () ->
            results("hangs").stream()
                .anyMatch(
                    result ->
                        "Health check exceeded timeout (500ms): waiting\n"
                            .equals(result.string("output"))));
    assertEquals(-1, results("hangs").getLast().number("exit_code", -2));
    assertEquals("running", engine.status("hangs"));
    felucca("exec", "hangs", "true").ok();
    Commands.await(
        "only the container's own process is there between two checks",
        () -> felucca("top", "hangs").ok().out().lines().count() == 2);
    felucca("stop", "-t", "0", "hangs").ok();
  }

  @Test
  void missingProgram_isUnhealthy() {
    checked("lacks", folder(), "/no/such/program", "--health-retries", "1");
    awaitHealth("lacks", "unhealthy");
    assertTrue(
        String.valueOf(results("lacks").getLast().string("output")).contains("/no/such/program"));
  }

  @Test
  void checks_goOnOverTheEndOfTheEngine() {
    Path folder = folder();
    make(folder.resolve("well"));
    checked("goes-on", folder, "touch /in/checked; test -e /in/well", "--health-retries", "1");
    checked("hung", folder, "sleep 4713", "--health-timeout", "1h");
    Path checked = folder.resolve("checked");
    awaitHealth("goes-on", "healthy");
    Commands.await("the check hangs", () -> !hanging("hung").isEmpty());
    String first = hanging("hung");
    engine.kill();
    engine.startEngine();
    assertEquals("healthy", status("goes-on"), "what was known is not forgotten");
    assertTrue(checked.toFile().delete() || !Files.exists(checked));
    Commands.await("it is checked again", () -> Files.exists(checked));
    assertTrue(folder.resolve("well").toFile().delete());
    awaitHealth("goes-on", "unhealthy");
    Commands.await(
        "the one that hung was killed, and a new one hangs",
        () -> !hanging("hung").isEmpty() && !hanging("hung").contains(first));
    felucca("restart", "-t", "0", "goes-on").ok();
    Commands.await("a new start begins anew", () -> !results("goes-on").isEmpty());
    felucca("stop", "-t", "0", "goes-on", "hung").ok();
  }

  @Test
  void checksAndRestarts_goOnOverAReplacedEngineBundle() {
    Path folder = folder();
    make(folder.resolve("well"));
    checked("goes-on", folder, "touch /in/checked; test -e /in/well", "--health-retries", "1");
    felucca(
            "run",
            "-d",
            "--name",
            "fails",
            "--restart",
            "on-failure",
            "busybox",
            "sh",
            "-c",
            "exit 1")
        .ok();
    awaitHealth("goes-on", "healthy");
    int from = engine.logText().length();
    BundleVersions.write(
        new BundleVersions(engine.home().resolve("bundles")).ours().get("felucca.engine"),
        Map.of("Bundle-Version", "0.3.0"),
        engine.deploy().resolve("felucca.engine.jar"));
    engine.awaitLog(from, "bundle felucca.engine updated");
    long restarts = restarts("fails");
    Commands.await("it is restarted again", () -> restarts("fails") > restarts);
    Path checked = folder.resolve("checked");
    assertTrue(checked.toFile().delete() || !Files.exists(checked));
    Commands.await("it is checked again", () -> Files.exists(checked));
    assertTrue(folder.resolve("well").toFile().delete());
    awaitHealth("goes-on", "unhealthy");
  }

  private static long restarts(String container) {
    return document(container).requiredObject("summary").number("restarts", -1);
  }

  /** The line of a hanging check, as top shows it. */
  private static String hanging(String container) {
    return felucca("top", container, "-eo", "pid,args")
        .ok()
        .out()
        .lines()
        .filter(line -> line.contains("sleep 4713"))
        .collect(Collectors.joining("\n"));
  }

  @Test
  void checkOfTheImage_isUsed_unlessToldOtherwise() {
    TestImage image = TestImage.busybox();
    Path layout =
        image
            .config(
                "\"Healthcheck\":{\"Test\":[\"CMD\",\"sh\",\"-c\",\"echo by the image\"],\"Interval\":100000000}")
            .write(folder().resolve("image"), "checked:1");
    felucca("image", "import", layout.toString()).prints("checked:1\n");
    felucca("run", "-d", "--name", "by-image", "checked:1", "sleep", "1000").ok();
    awaitHealth("by-image", "healthy");
    assertEquals("by the image\n", results("by-image").getLast().string("output"));
    felucca(
            "run",
            "-d",
            "--name",
            "otherwise",
            "--health-cmd",
            "echo mine",
            "checked:1",
            "sleep",
            "1000")
        .ok();
    awaitHealth("otherwise", "healthy");
    assertEquals("mine\n", results("otherwise").getLast().string("output"));
    felucca("run", "-d", "--name", "none", "--no-healthcheck", "checked:1", "sleep", "1000").ok();
    assertEquals("", status("none"));
  }

  @Test
  void contradictions_areRefused() {
    felucca("run", "-d", "--health-interval", "1s", "busybox", "true").refused("--health-cmd");
    felucca("run", "-d", "--no-healthcheck", "--health-cmd", "true", "busybox", "true")
        .refused("--no-healthcheck");
    felucca("run", "-d", "--health-cmd", "true", "--health-timeout", "soon", "busybox", "true")
        .refused("--health-timeout", "soon");
    felucca("run", "-d", "--health-cmd", "true", "--health-retries", "-1", "busybox", "true")
        .refused("--health-retries");
    felucca("ps", "-aq").prints("");
  }
}
