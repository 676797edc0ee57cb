package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What takes room, what keeps it, and how it goes. */
class GarbageIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static String imported(String name, String text) {
    String layout =
        new TestImage()
            .layer(TestImage.file(text, text))
            .write(engine.base().resolve("image-" + text), name)
            .toString();
    felucca("image", "import", layout).ok();
    return felucca("image", "unpack", name).line();
  }

  private static JsonObject use(String namespace, String type, String... options) {
    String[] command = {"-n", namespace, "df", "--format", "json", "-f", "type=" + type};
    List<String> all = new java.util.ArrayList<>(List.of(command));
    all.addAll(List.of(options));
    return felucca(all.toArray(String[]::new)).json().getFirst();
  }

  @Test
  void why_namesWhatKeepsAThing_andTheRemovalOfThatTakesIt() {
    String layer = imported("why:1", "first");
    felucca("why", "why:1")
        .prints(
            "image docker.io/library/why:1 is kept by\n  image docker.io/library/why:1 itself\n");
    String why = felucca("why", layer).ok().out();
    assertTrue(why.startsWith("snapshot " + layer + " of overlayfs is kept by\n"), why);
    assertTrue(why.contains("\n  image docker.io/library/why:1\n    target: blob sha256:"), why);
    assertTrue(why.contains("label containerd.io/gc.ref.snapshot.overlayfs: snapshot "), why);
    felucca("lease", "create", "--id", "hold").ok();
    felucca("snapshot", "prepare", "--lease", "hold", "leased", layer).ok();
    felucca("why", "leased")
        .prints(
            "snapshot leased of overlayfs is kept by\n  lease hold\n    leased: snapshot leased of overlayfs\n");
    felucca("image", "rm", "why:1").ok();
    assertEquals(
        "lease",
        felucca("why", layer, "--format", "{{range .chains}}{{(index . 0).kind}}{{end}}").line());
    felucca("lease", "rm", "hold").ok();
    felucca("why", layer).refused("nothing in namespace", layer);
    felucca("gc", "--dry-run", "-q", "-f", "name=" + layer).prints("");
  }

  @Test
  void garbage_goesByItself() {
    felucca("snapshot", "prepare", "kept").ok();
    felucca("snapshot", "prepare", "--label", "containerd.io/gc.expire=2020-01-01T00:00:00Z", "old")
        .ok();
    Commands.await(
        "what has expired is collected",
        () -> !felucca("snapshot", "ls", "-q").ok().out().contains("old"));
    assertTrue(felucca("snapshot", "ls", "-q").ok().out().contains("kept"));
    felucca("why", "kept").ok();
    assertTrue(felucca("gc").ok().out().endsWith(" freed\n"));
    felucca("gc", "-f", "kind=snapshot").refused("--filter", "--dry-run");
    felucca("snapshot", "rm", "kept").ok();
  }

  @Test
  void df_answersFromRecords_andCountsOnlyIfAsked() {
    felucca("namespace", "create", "room").ok();
    felucca("-n", "room", "image", "import", engine.home() + "/images/busybox").ok();
    JsonObject images = use("room", "images");
    assertEquals(1, images.number("count", 0));
    assertEquals(0, images.number("active", -1));
    assertTrue(images.number("bytes", 0) > 100_000);
    assertEquals(images.number("bytes", 0), images.number("reclaimable", -1));
    felucca(
            "-n",
            "room",
            "run",
            "--name",
            "writer",
            "-v",
            "data:/data",
            "busybox",
            "sh",
            "-c",
            "echo hello; head -c 3000000 /dev/zero > /file; head -c 2000000 /dev/zero > /data/file")
        .ok();
    assertEquals(0, use("room", "images").number("reclaimable", -1));
    assertEquals(1, use("room", "snapshots").number("active", -1));
    JsonObject containers = use("room", "containers");
    assertEquals(1, containers.number("count", 0));
    assertFalse(containers.bool("counted", true));
    assertEquals(1, use("room", "logs").number("count", 0));
    assertTrue(use("room", "logs").number("reclaimable", 0) >= 6);
    assertFalse(use("room", "volumes").bool("counted", true));
    assertTrue(felucca("-n", "room", "df").ok().out().contains("not counted"));
    assertTrue(use("room", "containers", "--count").number("bytes", 0) >= 3_000_000);
    assertTrue(use("room", "containers").number("reclaimable", 0) >= 3_000_000);
    assertTrue(use("room", "volumes", "--count").number("bytes", 0) >= 2_000_000);
    felucca("-n", "room", "rm", "writer").ok();
    felucca("-n", "room", "volume", "rm", "data").ok();
    assertEquals(0, use("room", "containers").number("count", -1));
    felucca("df", "--format", "{{.Nonsense}}").refused("Nonsense");
  }
}
