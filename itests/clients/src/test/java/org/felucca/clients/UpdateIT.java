package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Every part is replaced while a container writes, a client follows it and another one lists. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class UpdateIT {
  /** What others import from: their importers are restarted with them. */
  private static final Set<String> SHARED =
      Set.of("felucca.api", "felucca.oci", "felucca.swap", "felucca.linux");

  private static TestEngine engine;
  private static Map<String, Path> bundles;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
    bundles = new BundleVersions(engine.home().resolve("bundles")).ours();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  private static Path deployed(String name) {
    return engine.deploy().resolve(name + ".jar");
  }

  private static void deploy(String name, Map<String, String> headers, String expected) {
    int from = engine.logText().length();
    BundleVersions.write(bundles.get(name), headers, deployed(name));
    engine.awaitLog(from, expected);
  }

  /** The lines are numbered without a gap and nothing comes twice. */
  private static void assertNumbered(String text, String what) {
    List<String> lines = new ArrayList<>(text.lines().toList());
    if (!text.endsWith("\n")) {
      lines.removeLast(); // still being written
    }
    assertTrue(lines.size() > 10, () -> what + " has only " + lines);
    for (int i = 0; i < lines.size(); i++) {
      assertEquals(Integer.toString(i), lines.get(i), what + ", line " + i);
    }
  }

  @Test
  @Order(1)
  void everyPart_replacedInTurn_stopsLosesAndFailsNothing() throws Exception {
    engine.counting("writer");
    Running follower = engine.inBackground("logs", "-f", "writer");
    Running attached =
        engine.inBackground(
            "run",
            "--rm",
            "--name",
            "attached",
            "busybox",
            "sh",
            "-c",
            "i=0; while [ ! -e /stop ]; do echo $i; i=$((i+1)); sleep 0.02; done; exit 9");
    Running events = engine.inBackground("events", "--format", "json");
    attached.awaitMoreLines(1);
    AtomicBoolean done = new AtomicBoolean();
    List<String> failures = new ArrayList<>();
    Thread lister =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!done.get()) {
                    Result list = engine.felucca("ps", "--format", "json");
                    if (list.status() != 0 || list.out().lines().count() != 2) {
                      failures.add(list.toString());
                    }
                  }
                });
    try {
      for (String name : bundles.keySet()) {
        if (!SHARED.contains(name)) {
          deploy(name, Map.of("Bundle-Version", "0.1.1"), "updated 0.1.0 -> 0.1.1; 2 running");
          follower.awaitMoreLines(5);
          attached.awaitMoreLines(5);
        }
      }
    } finally {
      done.set(true);
      lister.join();
    }
    assertEquals(List.of(), failures);
    engine.felucca("exec", "attached", "touch", "/stop").ok();
    Result end = attached.await();
    assertEquals(9, end.status(), end::toString);
    assertNumbered(end.out(), "the attached client's output");
    assertTrue(follower.isAlive(), () -> follower.now().toString());
    assertNumbered(follower.out(), "the follower's output");
    assertTrue(events.isAlive(), () -> events.now().toString());
    engine.felucca("run", "--rm", "busybox", "true").ok();
  }

  @Test
  @Order(2)
  void sharedPackages_replaced_leaveContainersAndServeAgain() {
    Running follower = engine.inBackground("logs", "-f", "writer");
    follower.awaitMoreLines(1);
    for (String name : SHARED) {
      deploy(name, Map.of("Bundle-Version", "0.1.1"), "updated 0.1.0 -> 0.1.1; 1 running");
      Commands.await("the engine serves again", () -> engine.felucca("ps").status() == 0);
      follower.awaitMoreLines(5);
    }
    assertNumbered(follower.out(), "the follower's output");
    engine.felucca("run", "--rm", "busybox", "true").ok();
  }

  @Test
  @Order(3)
  void jarThatDoesNotResolve_leavesTheOldOneServing() {
    for (String name : List.of("felucca.engine", "felucca.content")) {
      deploy(
          name,
          Map.of("Bundle-Version", "0.1.2", "Import-Package", "no.such.thing"),
          "no.such.thing");
    }
    engine.felucca("run", "--rm", "busybox", "true").ok();
  }

  @Test
  @Order(4)
  void jarWithoutItsServices_isPutBack() {
    deploy(
        "felucca.spec",
        Map.of("Bundle-Version", "0.1.2", "Service-Component", "OSGI-INF/none.xml"),
        "the old one serves again");
    engine.felucca("run", "--rm", "busybox", "true").ok();
  }

  @Test
  @Order(5)
  void damagedJar_isRefused() throws Exception {
    int from = engine.logText().length();
    Path partial = engine.base().resolve("damaged");
    byte[] bytes = Files.readAllBytes(bundles.get("felucca.images"));
    Files.write(partial, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    Files.move(partial, engine.deploy().resolve("damaged.jar"));
    engine.awaitLog(from, "is damaged");
    Files.delete(engine.deploy().resolve("damaged.jar"));
    engine.felucca("images").ok();
  }

  @Test
  @Order(6)
  void whatWasDeployed_isThereAfterARestart_andGoesWithItsJar() throws Exception {
    engine.stopEngine();
    int from = engine.logText().length();
    engine.startEngine();
    String log = engine.logText().substring(from);
    assertTrue(log.contains("bundle from the updater name=felucca.diff version=0.1.1"), log);
    from = engine.logText().length();
    Files.delete(deployed("felucca.diff"));
    engine.awaitLog(from, "went back to 0.1.0");
    assertEquals("running", engine.status("writer"));
    engine.felucca("run", "--rm", "busybox", "true").ok();
  }

  @Test
  @Order(7)
  void everyPart_updatedTwentyTimes_leavesNoOldRevisionBehind() {
    List<String> parts = bundles.keySet().stream().filter(name -> !SHARED.contains(name)).toList();
    round(parts, 1);
    useAll();
    int before = classLoaders();
    int updates = 20;
    for (int i = 2; i < 2 + updates; i++) {
      round(parts, i);
      useAll();
    }
    // A leak keeps one of each update; the JVM itself may hold a last one for a while.
    Commands.await(
        "old revisions are collected; there were "
            + before
            + " class loaders of bundles, there are "
            + classLoaders(),
        () -> classLoaders() < before + updates / 2);
    engine.felucca("run", "--rm", "busybox", "true").ok();
  }

  /** Has every part activated: snapshotters are when somebody asks about them. */
  private static void useAll() {
    engine.felucca("info").ok();
  }

  private static void round(List<String> parts, int number) {
    int from = engine.logText().length();
    for (String name : parts) {
      BundleVersions.write(
          bundles.get(name), Map.of("Bundle-Version", "0.2." + number), deployed(name));
    }
    for (String name : parts) {
      String subject =
          name.equals("felucca.crun") || name.equals("felucca.runc")
              ? "runtime " + name.substring("felucca.".length())
              : "bundle " + name;
      Commands.await(
          name + " is updated to 0.2." + number,
          () -> {
            String log = engine.logText().substring(from);
            assertTrue(!log.contains(" refused"), log);
            return log.lines()
                .anyMatch(
                    line ->
                        line.contains(subject + " updated")
                            && line.contains("0.2." + number + ";"));
          });
    }
  }

  /** How many class loaders of bundles the engine's heap holds. */
  private static int classLoaders() {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    Result histogram =
        Commands.run(
                engine.base(), List.of(jcmd, Long.toString(engine.pid()), "GC.class_histogram"))
            .ok();
    return histogram
        .out()
        .lines()
        .filter(line -> line.endsWith("BundleWiringImpl$BundleClassLoader"))
        .map(line -> line.strip().split(" +", -1)[1])
        .mapToInt(Integer::parseInt)
        .sum();
  }
}
