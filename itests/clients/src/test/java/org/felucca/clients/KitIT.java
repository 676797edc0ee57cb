package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apiguardian.api.API;
import org.felucca.contracts.Kit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.engine.JupiterTestEngine;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.platform.commons.util.StringUtils;
import org.junit.platform.engine.TestEngine;
import org.junit.platform.launcher.Launcher;
import org.opentest4j.AssertionFailedError;

/**
 * A stranger builds parts outside this tree, with javac and jar and nothing but the jars that are
 * handed out, and tries them with the test kit. The kit passes those that keep the contracts, and
 * names the rules that others break.
 */
class KitIT {
  private static final String PACKAGE = "org.example.parts.";

  private static org.felucca.clients.TestEngine engine;
  private static Path outside;
  private static String classPath;

  @BeforeAll
  static void build() throws Exception {
    engine = org.felucca.clients.TestEngine.start();
    outside = Files.createDirectory(engine.base().resolve("outside"));
    Path sources = Path.of(Objects.requireNonNull(KitIT.class.getResource("/kit")).toURI());
    tool("cp", "-r", sources + "/.", outside.toString());
    List<String> jars = new ArrayList<>();
    for (Class<?> type :
        List.of(
            Kit.class,
            Test.class,
            JupiterTestEngine.class,
            ParameterizedTest.class,
            StringUtils.class,
            TestEngine.class,
            Launcher.class,
            AssertionFailedError.class,
            API.class)) {
      jars.add(jar(type));
    }
    try (Stream<Path> bundles = Files.list(engine.home().resolve("bundles"))) {
      bundles.map(Path::toString).filter(name -> name.endsWith(".jar")).forEach(jars::add);
    }
    jars.add(engine.home().resolve("lib/felix-framework.jar").toString());
    jars.add(outside.resolve("classes").toString());
    classPath = String.join(File.pathSeparator, jars);
    List<String> javac =
        new ArrayList<>(
            List.of(java("javac"), "-nowarn", "-d", outside + "/classes", "-cp", classPath));
    javac.addAll(javaFiles());
    tool(javac.toArray(String[]::new));
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  private static String jar(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }

  private static String java(String program) {
    return Path.of(System.getProperty("java.home"), "bin", program).toString();
  }

  private static List<String> javaFiles() throws IOException {
    try (Stream<Path> files = Files.walk(outside)) {
      return files.map(Path::toString).filter(name -> name.endsWith(".java")).toList();
    }
  }

  private static Result tool(String... command) {
    return Commands.run(outside, List.of(command)).ok();
  }

  /** Runs the kit on classes or methods of the stranger's. */
  private static Result kit(String... tests) {
    List<String> command =
        new ArrayList<>(
            List.of(
                java("java"),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-Dbinary=" + found("runc"),
                "-Dshim=" + found("containerd-shim-runc-v2"),
                "-cp",
                classPath,
                Kit.class.getName()));
    Stream.of(tests).map(test -> PACKAGE + test).forEach(command::add);
    return Commands.run(outside, command);
  }

  private static String found(String program) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow()
        .toString();
  }

  /** The names of the rules that a run of the kit found broken. */
  private static List<String> broken(Result run) {
    return run.endsWith(1)
        .out()
        .lines()
        .filter(line -> line.startsWith("BROKEN"))
        .map(line -> line.substring(6).strip().split(":")[0])
        .sorted()
        .toList();
  }

  private static void assertKept(Result run, int atLeast) {
    long kept = run.ok().out().lines().filter(line -> line.startsWith("kept ")).count();
    assertTrue(kept >= atLeast, run::toString);
    assertTrue(run.out().endsWith(kept + " rules kept, 0 broken\n"), run::toString);
  }

  @Test
  void aSnapshotterOfItsOwn_passes() {
    assertKept(kit("CopySnapshotterTest"), 20);
  }

  @Test
  void aBrokenSnapshotter_fails_byTheRulesThatItBreaks() {
    String suite = "BrokenSnapshotterTest#";
    assertEquals(
        List.of(
            "child_changes_leaveTheParentAsItWas",
            "ids_thatAreNoFileNames_areRefused",
            "sweep_deletesAllButTheLiving",
            "view_ofOneAndOfTwoLayers_isReadOnly"),
        broken(
            kit(
                suite + "child_changes_leaveTheParentAsItWas",
                suite + "ids_thatAreNoFileNames_areRefused",
                suite + "prepare_withoutParent_isEmptyAndWritable",
                suite + "sweep_deletesAllButTheLiving",
                suite + "view_ofOneAndOfTwoLayers_isReadOnly")));
  }

  @Test
  void aContentStore_passes_andABrokenOneFails() {
    assertKept(kit("StoreTest"), 20);
    assertEquals(
        List.of("delete_leavesOpenReaders", "walk_visitsEveryBlobOnce"),
        broken(kit("BrokenStoreTest")));
  }

  @Test
  void aRuntime_passes_andABrokenOneFails() {
    List<String> rules = List.of("info_versionAndFeatures", "run_statusAndOutput");
    assertKept(kit(methods("RuntimeTest", rules)), 2);
    assertEquals(
        List.of("info_versionAndFeatures"), broken(kit(methods("BrokenRuntimeTest", rules))));
  }

  private static String[] methods(String suite, List<String> names) {
    return names.stream().map(name -> suite + "#" + name).toArray(String[]::new);
  }

  @Test
  void kit_withNothingToRun_saysSo() {
    kit().endsWith(2);
    assertFalse(kit("NoSuchTest").status() == 0);
  }

  @Test
  void theSameSnapshotter_asABundle_servesAnEngine() throws IOException {
    Path jar = outside.resolve("parts.jar");
    tool(
        java("jar"),
        "-c",
        "-f",
        jar.toString(),
        "-m",
        outside + "/MANIFEST.MF",
        "-C",
        outside.toString(),
        "OSGI-INF/snapshotter.xml",
        "-C",
        outside + "/classes",
        "org/example/parts/CopySnapshotter.class");
    int from = engine.logText().length();
    Files.move(jar, engine.deploy().resolve("parts.jar"), StandardCopyOption.ATOMIC_MOVE);
    engine.awaitLog(from, "snapshotter added name=example");
    for (int i = 0; i < 2; i++) {
      engine
          .felucca("run", "--rm", "--snapshotter", "example", "busybox", "sh", "-c", "echo x > /x")
          .ok();
    }
    assertTrue(Files.exists(engine.root().resolve("snapshots/example")));
  }
}
