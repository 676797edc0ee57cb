package org.felucca.clients;

import static org.felucca.clients.TestImage.attributed;
import static org.felucca.clients.TestImage.file;
import static org.felucca.clients.TestImage.folder;
import static org.felucca.clients.TestImage.hardLink;
import static org.felucca.clients.TestImage.symbolicLink;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Containers on each of the snapshotters, where they can be used and where they can't. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SnapshottersIT {
  private static final String SEEN =
      "cd /data; echo *; echo opaque/*; stat -c '%a %u %g %Y' setuid; [ plain -ef twin ] && cat"
          + " pointer; echo x > opaque/new; cat opaque/new; mkdir -p new/er; echo done";
  private static final String EXPECTED =
      "attributed opaque plain pointer setuid twin\nopaque/new\n4755 0 0 0\nplainx\ndone\n";

  private static TestEngine engine;

  /** A btrfs in a file; its loop device goes when it is unmounted. */
  private static Path btrfs;

  @BeforeAll
  static void start() throws IOException {
    engine = TestEngine.prepare();
    engine.startWithBusybox();
    Path image =
        TestImage.busybox()
            .layer(
                folder("data"),
                folder("data/opaque"),
                file("data/gone", "gone"),
                file("data/opaque/old", "old"),
                file("data/plain", "plain"),
                hardLink("data/twin", "data/plain"),
                file("data/setuid", "s", 04755),
                symbolicLink("data/pointer", "plain"),
                attributed("data/attributed", "a", "user.colour", "blue"))
            .layer(
                file("data/.wh.gone", ""),
                file("data/opaque/.wh..wh..opq", ""),
                file("data/opaque/new", "new"))
            .write(engine.base().resolve("image"), "layered:1");
    felucca("image", "import", image.toString()).prints("layered:1\n");
  }

  @AfterAll
  static void stop() {
    try {
      engine.close();
    } finally {
      if (btrfs != null) {
        Machine.unmount(btrfs);
        Commands.run(Path.of("/"), List.of("rm", "-rf", "--one-file-system", btrfs.toString()));
      }
    }
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static Result run(String snapshotter, String script) {
    return felucca("run", "--rm", "--snapshotter", snapshotter, "layered:1", "sh", "-c", script);
  }

  private static List<String> files(String snapshotter) {
    Path folder = engine.root().resolve("snapshots").resolve(snapshotter);
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> names = Files.list(folder)) {
      return names.map(name -> name.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the engine says of a snapshotter that it can't use here, or an empty text. */
  private static String refusal(String snapshotter) {
    for (JsonObject one :
        felucca("info", "--format", "json").json().getFirst().objects("snapshotters")) {
      if (one.string("name", "").equals(snapshotter)) {
        return one.string("refusal", "");
      }
    }
    throw new AssertionError("there is no snapshotter " + snapshotter);
  }

  /** A container on it sees the image, and what it changes is gone with it. */
  private static void assertRuns(String snapshotter) {
    assertEquals("", refusal(snapshotter));
    run(snapshotter, SEEN).prints(EXPECTED);
    run(snapshotter, SEEN).prints(EXPECTED);
  }

  private static void awaitNoContainer() {
    Commands.await("no container is left", () -> felucca("ps", "-aq").ok().out().isEmpty());
    felucca("gc").ok(); // which waits for what it has written to be deleted
  }

  /** The layers of erofs that are mounted. */
  private static List<String> mountedLayers() {
    return Machine.mounts(engine.root()).stream()
        .filter(line -> line.contains(" - erofs "))
        .toList();
  }

  @ParameterizedTest
  @Order(1)
  @ValueSource(strings = {"overlayfs", "native", "erofs"})
  void run_onEach_seesTheImage_andLeavesNothing(String snapshotter) {
    run(snapshotter, SEEN).prints(EXPECTED);
    awaitNoContainer();
    List<String> layers = files(snapshotter);
    assertRuns(snapshotter);
    awaitNoContainer();
    // Nobody waits for the deletion of what a container has written.
    Commands.await("only layers are left", () -> layers.equals(files(snapshotter)));
  }

  @ParameterizedTest
  @Order(2)
  @ValueSource(strings = {"native", "erofs"})
  void kept_overAKilledEngine_hasWhatItWrote(String snapshotter) throws IOException {
    String name = "kept-" + snapshotter;
    felucca(
            "run",
            "--name",
            name,
            "--snapshotter",
            snapshotter,
            "layered:1",
            "sh",
            "-c",
            "cd /data; cat kept; echo again > kept; exit 7")
        .endsWith(7);
    engine.kill();
    // As a crash in the middle of things leaves them.
    Path folder = engine.root().resolve("snapshots").resolve(snapshotter);
    Files.createDirectories(folder.resolve(".new-77/fs"));
    Files.createDirectories(folder.resolve("99/fs/some"));
    engine.startEngine();
    assertEquals("again\n", felucca("start", "-a", name).endsWith(7).out());
    felucca("rm", name).ok();
    assertFalse(files(snapshotter).contains(".new-77"));
    assertFalse(files(snapshotter).contains("99"));
    assertRuns(snapshotter);
  }

  @Test
  @Order(3)
  void running_whileTheEngineIsAway_goesOn() {
    felucca(
            "run",
            "-d",
            "--name",
            "on-erofs",
            "--snapshotter",
            "erofs",
            "layered:1",
            "sh",
            "-c",
            "until [ -e /stop ]; do sleep 1; done; cat /data/plain")
        .ok();
    // Its layers are not mounted any more, for others.
    assertEquals(0, engine.stopEngine());
    assertEquals(List.of(), mountedLayers());
    engine.startEngine();
    felucca("exec", "on-erofs", "sh", "-c", "cat /data/twin; echo > /stop").prints("plain");
    felucca("wait", "on-erofs").prints("0\n");
    felucca("rm", "on-erofs").ok();
  }

  @Test
  @Order(4)
  void btrfs_elsewhere_isRefusedBeforeAnythingIsMade() {
    assertTrue(refusal("btrfs").contains("not on btrfs"), refusal("btrfs"));
    felucca("create", "--name", "never", "--snapshotter", "btrfs", "layered:1")
        .refused("the snapshotter btrfs, which can't be used here", "not on btrfs", "felucca info");
    felucca("run", "--rm", "--snapshotter", "unheard-of", "layered:1", "true")
        .refused("--snapshotter names the snapshotter \"unheard-of\"", "overlayfs");
    felucca("ps", "-aq").prints("");
    assertEquals(List.of(), files("btrfs"));
  }

  @Test
  @Order(5)
  void image_removed_takesItsLayersOfEveryKind() {
    for (String snapshotter : List.of("native", "erofs")) {
      run(snapshotter, "true").ok();
      assertFalse(files(snapshotter).isEmpty());
    }
    awaitNoContainer();
    felucca("image", "rm", "layered:1").ok();
    for (String snapshotter : List.of("native", "erofs")) {
      Commands.await(snapshotter + " is empty", () -> files(snapshotter).isEmpty());
    }
    assertEquals(List.of(), mountedLayers());
  }

  @Test
  @Order(6)
  void aRootOnBtrfs_hasAllOfThem_andTheDefaultIsConfigured() throws IOException {
    assertEquals(0, engine.stopEngine());
    btrfs = Files.createTempDirectory(Path.of("/var/tmp"), "felucca-btrfs-");
    Path mounted = Files.createDirectory(btrfs.resolve("mounted"));
    String image = btrfs.resolve("image").toString();
    for (List<String> command :
        List.of(
            List.of("truncate", "-s", "2G", image),
            List.of("mkfs.btrfs", "-q", image),
            List.of("mount", "-o", "loop", image, mounted.toString()))) {
      Commands.run(btrfs, command).ok();
    }
    Path config = engine.etc().resolve("org.felucca.engine.cfg");
    String text = Files.readString(config);
    Files.writeString(
        config, text.replaceFirst("(?m)^default_snapshotter *=.*$", "default_snapshotter = btrfs"));
    Path state = engine.state();
    engine.liveIn(mounted.resolve("root"), state);
    engine.startWithBusybox();
    felucca("image", "import", engine.base().resolve("image").toString()).ok();
    felucca("run", "--rm", "layered:1", "sh", "-c", SEEN).prints(EXPECTED);
    assertFalse(files("btrfs").isEmpty());
    assertFalse(Files.exists(engine.root().resolve("snapshots/native")));
    for (String snapshotter : List.of("btrfs", "native", "erofs", "overlayfs")) {
      assertRuns(snapshotter);
    }
    awaitNoContainer();
    felucca("image", "rm", "layered:1").ok();
    felucca("image", "rm", "busybox").ok();
    Commands.await(
        "the layers are gone", () -> files("btrfs").isEmpty() && files("native").isEmpty());
  }
}
