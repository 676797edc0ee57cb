package org.felucca.clients;

import static org.felucca.clients.TestImage.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.felucca.oci.Json;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What people do with images that are here. */
class ImageVerbsIT {
  private static TestEngine engine;
  private static int folders;
  private Path work = Path.of("/");

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  @BeforeEach
  void folder() throws IOException {
    work = Files.createDirectory(engine.base().resolve("work" + folders++));
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static List<String> names() {
    return felucca("images", "--format", "{{.name}}").ok().out().lines().sorted().toList();
  }

  private void imported(String name, String content) {
    felucca(
            "image",
            "import",
            new TestImage()
                .layer(file("f", content))
                .write(work.resolve(name.split(":")[0]), name)
                .toString())
        .ok();
  }

  @Test
  void untag_lastName_leavesTheImageForPrune() {
    imported("un:1", "un");
    felucca("image", "tag", "un:1", "un:2").ok();
    String digest = felucca("image", "untag", "un:1").line();
    assertFalse(names().contains("docker.io/library/un:1"));
    assertFalse(names().contains(digest));
    felucca("image", "untag", "un:2").prints(digest + "\n");
    assertTrue(names().contains(digest), names()::toString);
    felucca("images", "--filter", "dangling=true", "-q").prints(digest.substring(7, 19) + "\n");
    felucca("image", "untag", "un:2").refused("un:2");
    felucca("image", "untag", digest).refused("image rm");
    felucca("image", "prune", "--dry-run").prints(digest + "\n");
    String pruned = felucca("image", "prune").ok().out();
    assertTrue(pruned.startsWith(digest + "\n1 image, 3 blobs and 1 snapshot removed, "), pruned);
    assertTrue(pruned.endsWith("B freed\n"), pruned);
    assertEquals(List.of("docker.io/library/busybox:latest"), names());
  }

  @Test
  void prune_all_sparesWhatContainersUseAndWhatFiltersSpare() {
    imported("old:1", "old");
    imported("new:1", "new");
    felucca("create", "--name", "user", "busybox", "true").ok();
    felucca("image", "prune", "-a", "--filter", "until=1h").ok();
    assertEquals(3, names().size());
    felucca("image", "prune", "-a", "--filter", "name~=old").ok();
    assertFalse(names().contains("docker.io/library/old:1"));
    felucca("image", "prune", "-a", "--filter", "name~=[").refused("[");
    String json = felucca("image", "prune", "-a", "--format", "json").line();
    assertTrue(json.startsWith("{\"images\":[\"docker.io/library/new:1\"],\"blobs\":3,"), json);
    assertEquals(List.of("docker.io/library/busybox:latest"), names());
    felucca("rm", "user").ok();
  }

  @Test
  void history_saysHowLayersCame() {
    List<String> lines = felucca("history", "busybox").ok().out().lines().toList();
    assertEquals(2, lines.size(), lines::toString);
    assertTrue(lines.getFirst().startsWith("LAYER"), lines::toString);
    String layer = felucca("image", "history", "--format", "{{.layer}}", "busybox").line();
    assertTrue(felucca("inspect", "busybox").ok().out().contains(layer));
    felucca("image", "history", "busybux").refused("did you mean busybox");
  }

  @Test
  void inspect_raw_isTheDocumentItself() {
    String known = felucca("image", "inspect", "busybox").ok().out();
    for (String kind : List.of("index", "manifest", "config")) {
      byte[] raw = felucca("image", "inspect", "--raw", kind, "busybox").ok().outBytes();
      assertTrue(Json.object(raw, kind).names().size() > 1);
      assertTrue(known.contains(TestImage.digest(raw)), kind + " in " + known);
    }
    felucca("image", "inspect", "--raw", "layers", "busybox").refused("index", "config");
    felucca("image", "inspect", "--raw", "config", "--format", "json", "busybox").refused("--raw");
  }

  @Test
  void mount_isReadOnlyListedAndOutlivesTheEngine() throws IOException {
    Path folder = Files.createDirectory(work.resolve("m"));
    felucca("image", "mount", "busybox", folder.toString()).prints(folder + "\n");
    assertTrue(Files.exists(folder.resolve("bin/sh")));
    Commands.run(work, List.of("touch", folder + "/x")).fails(1, "Read-only");
    String mounts = Machine.mounts(folder).toString();
    assertTrue(mounts.contains("nosuid") && mounts.contains("nodev"), mounts);
    felucca("image", "mount", "-q").prints(folder + "\n");
    felucca("image", "mount", "busybox", folder.toString()).refused("mounted", "already");
    felucca("image", "mount", "busybox", work + "/none").refused("make it first");
    felucca("image", "mount", "busybox", engine.root().toString()).refused("own folder");
    felucca("image", "mount", "busybox").refused("folder is missing");

    engine.kill();
    assertTrue(Files.exists(folder.resolve("bin/sh")));
    engine.startEngine();
    felucca("image", "mount", "-q").prints(folder + "\n");
    Running user = Running.start(work, List.of("env", "-C", folder.toString(), "sleep", "1000"));
    Commands.await(
        "the program is in the folder",
        () -> Files.readSymbolicLink(Path.of("/proc/" + user.pid() + "/cwd")).equals(folder));
    felucca("image", "umount", folder.toString()).refused("somebody works in");
    user.end();
    user.await();
    felucca("image", "umount", "busybox").prints(folder + "\n");
    assertEquals(List.of(), Machine.mounts(folder));
    assertEquals("", felucca("snapshot", "ls", "-q", "--filter", "kind=view").ok().out());
    felucca("image", "umount", folder.toString()).refused("no image is mounted");
  }

  @Test
  void mount_thatSomebodyElseTookAway_isCleanedAtTheNextStart() throws IOException {
    Path folder = Files.createDirectory(work.resolve("m"));
    felucca("image", "mount", "busybox", folder.toString()).ok();
    Commands.run(work, List.of("umount", folder.toString())).ok();
    felucca("image", "mount", "--format", "{{.present}}").prints("false\n");
    int before = engine.logText().length();
    engine.kill();
    engine.startEngine();
    engine.awaitLog(before, "view without its mount removed");
    felucca("image", "mount", "-q").prints("");
    assertEquals("", felucca("snapshot", "ls", "-q", "--filter", "kind=view").ok().out());
  }

  @Test
  void check_findsWhatIsBrokenAndSaysWhatHelps() throws IOException {
    imported("bad:1", "some content of a file");
    String whole = felucca("image", "check").ok().out();
    for (String image : List.of("bad:1", "busybox")) {
      assertTrue(
          whole.lines().anyMatch(line -> line.startsWith(image + ": whole, 3 blobs of ")), whole);
    }

    Path blob = holding("content", "some content of a file");
    Path file = holding("snapshots", "some content of a file");
    byte[] kept = Files.readAllBytes(file);
    Files.writeString(file, "same content of a file");
    Result broken = felucca("image", "check", "bad:1");
    broken.endsWith(1);
    assertTrue(broken.out().contains("f: other content"), broken::toString);
    assertTrue(broken.out().contains("what to do: remove the image"), broken::toString);
    Files.write(file, kept);

    byte[] layer = Files.readAllBytes(blob);
    layer[layer.length - 9] ^= 1;
    Files.write(blob, layer);
    Result damaged = felucca("image", "check", "--blobs-only", "bad:1");
    damaged.endsWith(1);
    assertTrue(damaged.out().contains("layer sha256:"), damaged::toString);
    assertTrue(damaged.out().contains("is damaged"), damaged::toString);
    felucca("image", "export", "-o", work + "/bad.tar", "bad:1").refused("damaged", "image check");
    // What the remedy says helps.
    felucca("image", "rm", "--force", "bad:1").ok();
    felucca("image", "import", work.resolve("bad").toString()).ok();
    felucca("image", "check", "-q").prints("");
    felucca("image", "rm", "bad:1").ok();
  }

  /** The one file below a folder of the root that holds a text, packed by gzip or plain. */
  private static Path holding(String folder, String text) throws IOException {
    try (Stream<Path> files = Files.walk(engine.root().resolve(folder))) {
      return files
          .filter(Files::isRegularFile)
          .filter(path -> unpacked(path).contains(text))
          .findFirst()
          .orElseThrow();
    }
  }

  private static String unpacked(Path path) {
    try {
      byte[] bytes = Files.readAllBytes(path);
      if (bytes.length > 2 && bytes[0] == 0x1f && (bytes[1] & 0xff) == 0x8b) {
        try (var in = new java.util.zip.GZIPInputStream(Files.newInputStream(path))) {
          return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
      }
      return new String(bytes, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void bundle_runsByPlainRuncWithTheEngineStopped() throws IOException {
    Path bundle = work.resolve("bundle");
    felucca("bundle", "-e", "WHO=me", "busybox", bundle.toString(), "sh", "-c", "echo $WHO; id -u")
        .prints(bundle + "\n");
    felucca("bundle", "busybox", bundle.toString()).refused("not empty");
    felucca("bundle", "-v", "/none/such:/x", "busybox", work + "/c").refused("/none/such");
    assertFalse(Files.exists(work.resolve("c")));
    assertEquals(0, engine.stopEngine());
    Commands.run(
            work,
            List.of(
                "runc", "--root", work + "/runc", "run", "--bundle", bundle.toString(), "by-hand"))
        .prints("me\n0\n");
    engine.startEngine();
  }

  @Test
  void spec_rootless_runsForTheOwnerOfItsFolder() throws IOException {
    felucca("bundle", "busybox", work + "/b").ok();
    Path folder = work.resolve("b");
    Files.delete(folder.resolve("config.json"));
    felucca("spec", "--bundle", folder.toString()).prints("");
    felucca("spec", "--bundle", folder.toString()).refused("config.json", "remove it first");
    Files.delete(folder.resolve("config.json"));
    felucca("spec", "--rootless", "--bundle", folder.toString()).refused("belongs to root");
    Commands.run(work, List.of("chown", "-R", "4321:4321", folder.toString())).ok();
    felucca("spec", "--rootless", "--bundle", folder.toString()).prints("");
    String config = Files.readString(folder.resolve("config.json"));
    assertTrue(config.replaceAll("\\s", "").contains("\"hostID\":4321"), config);
    assertFalse(config.contains("\"network\""), config);
    assertEquals(4321, Files.getAttribute(folder.resolve("config.json"), "unix:uid"));
  }
}
