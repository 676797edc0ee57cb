package org.felucca.clients;

import static org.felucca.clients.TestImage.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What lies unpacked, as the shell shows it. */
class SnapshotVerbsIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
    felucca(
            "image",
            "import",
            new TestImage()
                .layer(file("low", "1"))
                .layer(file("high", "22"))
                .write(engine.base().resolve("two"), "two:1")
                .toString())
        .ok();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static List<JsonObject> snapshots() {
    return felucca("snapshot", "ls", "--format", "json").json();
  }

  @Test
  void list_saysWhatStandsOnWhat() {
    felucca("create", "--name", "web", "two:1", "/low").ok();
    JsonObject active =
        snapshots().stream()
            .filter(one -> one.string("kind", "").equals("active"))
            .findFirst()
            .orElseThrow();
    assertEquals("overlayfs", active.string("snapshotter", ""));
    String top = active.requiredString("parent");
    String tree = felucca("snapshot", "tree").ok().out();
    assertTrue(tree.startsWith("overlayfs\n"), tree);
    assertTrue(
        tree.contains("   └─ " + top.substring(7, 19))
            || tree.contains("│  └─ " + top.substring(7, 19)),
        tree);
    assertTrue(tree.contains("(active)  container web"), tree);
    String key = active.requiredString("key");
    felucca("snapshot", "rm", key).refused("root file system of container web", "felucca rm web");
    felucca("snapshot", "rm", top).refused("stands on it");
    felucca("rm", "web").ok();
    felucca("snapshot", "ls", "--filter", "kind=active", "-q").prints("");
  }

  @Test
  void usage_isOfEachAlone() {
    JsonObject usage =
        felucca("snapshot", "usage", "--format", "json").json().stream()
            .max(java.util.Comparator.comparing(one -> one.number("bytes", 0)))
            .orElseThrow();
    assertTrue(usage.number("bytes", 0) > 1_000_000, usage::toString);
    String key = usage.requiredString("key");
    felucca("snapshot", "usage", "--format", "{{.key}}", key.substring(7, 20)).prints(key + "\n");
    felucca("snapshot", "usage", "nonesuch").refused("nonesuch", "snapshot ls");
    felucca("snapshot", "ls", "--snapshotter", "nonesuch").refused("nonesuch", "overlayfs");
  }

  @Test
  void remove_ofALayer_unpacksItAgainWhenItIsNeeded() {
    String top = felucca("image", "unpack", "two:1").line();
    felucca("snapshot", "rm", top.substring(7, 19)).prints(top + "\n");
    assertTrue(snapshots().stream().noneMatch(one -> one.requiredString("key").equals(top)));
    felucca("image", "unpack", "two:1").prints(top + "\n");
    assertTrue(snapshots().stream().anyMatch(one -> one.requiredString("key").equals(top)));
    felucca("image", "unpack", "--snapshotter", "nonesuch", "two:1").refused("nonesuch");
    felucca("image", "import", "--snapshotter", "nonesuch", engine.home() + "/images/busybox")
        .refused("--snapshotter", "nonesuch", "overlayfs");
  }

  @Test
  void snapshotter_thatTheFileSystemCannot_isRefusedBeforeAnythingIsDone() throws IOException {
    assumeFalse(Files.getFileStore(engine.root()).type().equals("btrfs"));
    felucca("image", "unpack", "--snapshotter", "btrfs", "two:1")
        .refused("--snapshotter names the snapshotter btrfs", "can't be used here");
    felucca("run", "--rm", "--snapshotter", "btrfs", "busybox", "true").refused("can't be used");
    felucca(
            "-n",
            "fresh",
            "image",
            "import",
            "--snapshotter",
            "btrfs",
            engine.home() + "/images/busybox")
        .refused("can't be used");
    felucca("-n", "fresh", "images", "-q").prints("");
  }

  @Test
  void prepare_saysHowToMount() {
    String top = felucca("image", "unpack", "two:1").line();
    String mount =
        felucca("snapshot", "prepare", "--label", "containerd.io/gc.root", "mine", top).line();
    assertTrue(mount.startsWith("mount -t overlay overlay TARGET -o "), mount);
    felucca("snapshot", "prepare", "mine", top).refused("exists already");
    felucca("snapshot", "prepare", "other", "nonesuch").refused("nonesuch");
    felucca("snapshot", "rm", "mine").prints("mine\n");
  }
}
