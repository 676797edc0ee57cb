package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Namespaces, and the leases in them. */
class NamespaceIT {
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

  private static String carried() {
    return engine.home().resolve("images/busybox").toString();
  }

  private static List<String> blobs() {
    return Machine.files(engine.root().resolve("content")).stream()
        .filter(name -> name.matches(".*[0-9a-f]{64}"))
        .toList();
  }

  @Test
  void namespace_holdsItsOwnAndGoesOnlyWhenEmpty() {
    felucca("namespace", "create", "team", "owner=ann", "x=y").prints("team\n");
    felucca("namespace", "create", "team").refused("exists already");
    felucca("namespace", "create", "no/name").refused("no/name");
    felucca("namespace", "label", "team", "x=", "z=1").prints("owner=ann,z=1\n");
    felucca("namespace", "label", "taem", "x=1").refused("did you mean team");
    assertTrue(felucca("namespace", "ls", "-q").ok().out().lines().toList().contains("team"));

    felucca("-n", "team", "images", "-q").prints("");
    felucca("-n", "team", "image", "import", carried()).prints("busybox\n");
    felucca("-n", "team", "create", "--name", "web", "busybox", "true").ok();
    felucca("ps", "-aq").prints("");
    assertEquals(1, felucca("-n", "team", "ps", "-aq").ok().out().lines().count());
    List<String> byVariable =
        new ArrayList<>(
            List.of(
                "env",
                "FELUCCA_NAMESPACE=team",
                "FELUCCA_SOCKET=" + engine.state().resolve("shell.sock")));
    byVariable.addAll(
        List.of(
            engine.home().resolve("bin/felucca").toString(), "ps", "-a", "--format", "{{.Names}}"));
    Commands.run(engine.base(), byVariable).prints("web\n");

    felucca("namespace", "rm", "team")
        .refused("namespace team still holds 1 container, 1 image, 2 snapshots, 3 blobs");
    felucca("-n", "team", "rm", "web").ok();
    felucca("-n", "team", "image", "rm", "busybox").ok();
    felucca("namespace", "rm", "team").prints("team\n");
    felucca("namespace", "rm", "team").refused("team");
    felucca("run", "--rm", "busybox", "echo", "still").prints("still\n");
  }

  @Test
  void namespace_defaultsAreThoseOfItsLabels() {
    felucca("namespace", "create", "crunny", "containerd.io/defaults/runtime=crun").ok();
    felucca("-n", "crunny", "image", "import", carried()).ok();
    felucca("-n", "crunny", "create", "--name", "c", "busybox", "true").ok();
    felucca("-n", "crunny", "ps", "-a", "--format", "{{.runtime}}").prints("crun\n");
    felucca("-n", "crunny", "rm", "c").ok();
    felucca("namespace", "label", "crunny", "containerd.io/defaults/snapshotter=nonesuch").ok();
    felucca("-n", "crunny", "create", "busybox", "true")
        .refused("containerd.io/defaults/snapshotter", "nonesuch", "overlayfs");
    felucca(
            "-n",
            "crunny",
            "create",
            "--snapshotter",
            "overlayfs",
            "--name",
            "d",
            "busybox",
            "true")
        .ok();
    felucca("-n", "crunny", "rm", "d").ok();
    felucca("-n", "crunny", "image", "rm", "busybox").ok();
    felucca("namespace", "rm", "crunny").ok();
  }

  @Test
  void lease_keepsWhatWasMadeUnderItUntilItEnds() {
    int before = blobs().size();
    String layout =
        new TestImage()
            .layer(TestImage.file("leased", "leased"))
            .write(engine.base().resolve("leased"), "leased:1")
            .toString();
    felucca("lease", "create", "--id", "build", "for=test").prints("build\n");
    felucca("lease", "create", "--id", "build").refused("exists already");
    felucca("image", "import", "--lease", "none", layout).refused("none");
    felucca("image", "import", "--lease", "build", "--no-unpack", layout).prints("leased:1\n");
    JsonObject lease =
        felucca("lease", "ls", "--format", "json").json().stream()
            .filter(one -> one.string("id", "").equals("build"))
            .findFirst()
            .orElseThrow();
    assertEquals(4, lease.strings("resources").size(), lease.strings("resources")::toString);
    felucca("image", "rm", "leased:1").ok();
    assertEquals(before + 3, blobs().size());
    felucca("lease", "rm", "biuld").refused("did you mean build");
    felucca("lease", "rm", "build").prints("build\n");
    assertEquals(before, blobs().size());
  }

  /** That it also lets go of what it kept is shown beside the collector. */
  @Test
  void lease_thatExpires_goesByItself() {
    felucca("lease", "create", "--expires", "90").refused("90s");
    String id = felucca("lease", "create", "--expires", "1s").line();
    Commands.await(
        "the lease has ended", () -> !felucca("lease", "ls", "-q").ok().out().contains(id));
  }
}
