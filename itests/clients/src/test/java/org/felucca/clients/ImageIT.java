package org.felucca.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.felucca.clients.TestImage.attributed;
import static org.felucca.clients.TestImage.file;
import static org.felucca.clients.TestImage.folder;
import static org.felucca.clients.TestImage.hardLink;
import static org.felucca.clients.TestImage.symbolicLink;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that come, good and bad ones, and go. */
class ImageIT {
  private static final Path BUSYBOX = Path.of("/bin/busybox");

  private static TestEngine engine;
  private static int folders;
  private Path work = Path.of("/");

  @BeforeAll
  static void start() {
    engine = TestEngine.prepare();
    engine.startEngine();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  @BeforeEach
  void clean() throws IOException {
    // What was run with --rm may still be on its way out.
    Commands.await("no container is left", () -> felucca("ps", "-aq").ok().out().isEmpty());
    removeAll();
    work = Files.createDirectory(engine.base().resolve("work" + folders++));
  }

  private static void removeAll() {
    for (JsonObject image : felucca("image", "ls", "--format", "json").json()) {
      felucca("image", "rm", image.string("name", "")).ok();
    }
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private Result tool(String... command) {
    return Commands.run(work, List.of(command)).ok();
  }

  private static Path carried() {
    return engine.home().resolve("images/busybox");
  }

  private static List<String> names() {
    return felucca("image", "ls", "--format", "json").json().stream()
        .map(image -> image.string("name", ""))
        .toList();
  }

  /** What the engine keeps of images. */
  private static List<String> kept() {
    return Stream.of("content", "snapshots")
        .flatMap(name -> Machine.files(engine.root().resolve(name)).stream())
        .toList();
  }

  @Test
  void import_folder_givesTheNameAndRuns() {
    felucca("image", "import", carried().toString()).prints("busybox\n");
    felucca("run", "--rm", "busybox", "echo", "runs").prints("runs\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"tar -cf layout.tar .", "tar -czf layout.tar .", "tar --zstd -cf layout.tar ."})
  void import_archive_isTheSameImage(String command) {
    String[] words = command.replace("layout.tar", work + "/layout.tar").split(" ");
    Commands.run(carried(), Arrays.asList(words)).ok();
    felucca("image", "import", work + "/layout.tar").prints("busybox\n");
    felucca("run", "--rm", "busybox", "echo", "runs").prints("runs\n");
  }

  @Test
  void import_standardInput_isRead() {
    Commands.run(carried(), List.of("tar", "-cf", work + "/layout.tar", ".")).ok();
    engine.feluccaReading(work.resolve("layout.tar"), "image", "import", "-").prints("busybox\n");
  }

  @Test
  void import_name_isForWhatHasNone() throws IOException {
    Path nameless = new TestImage().layer(file("x", "x")).write(work.resolve("image"), "");
    Path index = nameless.resolve("index.json");
    Files.writeString(
        index, Files.readString(index).replaceFirst(",\"annotations\":\\{[^}]*}", ""));
    String digest = felucca("image", "import", nameless.toString()).line();
    assertTrue(digest.matches("sha256:[0-9a-f]{64}"), digest);
    felucca("image", "import", "--name", "mine:1", nameless.toString()).prints("mine:1\n");
  }

  @Test
  void import_dockerArchiveOfSkopeo_runs() {
    tool(
        "skopeo",
        "copy",
        "-q",
        "oci:" + carried() + ":busybox",
        "docker-archive:" + work + "/docker.tar:example.org/team/box:7");
    felucca("image", "import", work + "/docker.tar").prints("example.org/team/box:7\n");
    felucca("run", "--rm", "example.org/team/box:7", "echo", "runs").prints("runs\n");
  }

  @Test
  void import_severalImages_givesAll() throws IOException {
    Path both = new TestImage().layer(file("one", "1")).write(work.resolve("both"), "one:1");
    Path other = new TestImage().layer(file("two", "2")).write(work.resolve("other"), "two:2");
    for (String blob : Machine.files(other.resolve("blobs/sha256"))) {
      if (!blob.isEmpty()) {
        Files.copy(
            other.resolve("blobs/sha256").resolve(blob),
            both.resolve("blobs/sha256").resolve(blob));
      }
    }
    String first = Files.readString(both.resolve("index.json"));
    String second = Files.readString(other.resolve("index.json"));
    Files.writeString(
        both.resolve("index.json"),
        first.substring(0, first.length() - 2) + "," + second.substring(second.indexOf('[') + 1));
    felucca("image", "import", both.toString()).prints("one:1\ntwo:2\n");
    assertEquals(List.of("docker.io/library/one:1", "docker.io/library/two:2"), names());
  }

  @Test
  void import_layersOfUmoci_areLaidOverEachOther() throws IOException {
    Path layout = work.resolve("layout");
    tool("skopeo", "copy", "-q", "oci:" + carried() + ":busybox", "oci:" + layout + ":base");
    Path rootfs = work.resolve("bundle/rootfs");
    tool("umoci", "unpack", "--image", layout + ":base", work + "/bundle");
    tool("mkdir", "-p", rootfs + "/data/opaque");
    Files.writeString(rootfs.resolve("data/gone"), "gone");
    Files.writeString(rootfs.resolve("data/opaque/old"), "old");
    Files.writeString(rootfs.resolve("data/kept"), "kept");
    tool("ln", rootfs + "/data/kept", rootfs + "/data/twin");
    tool("cp", BUSYBOX.toString(), rootfs + "/data/setuid");
    tool("chmod", "4755", rootfs + "/data/setuid");
    Files.setAttribute(rootfs.resolve("data/kept"), "user:colour", "blue".getBytes(UTF_8));
    tool("umoci", "repack", "--image", layout + ":second", work + "/bundle");
    tool("rm", "-rf", work + "/bundle");
    tool("umoci", "unpack", "--image", layout + ":second", work + "/bundle");
    Files.delete(rootfs.resolve("data/gone"));
    tool("rm", "-r", rootfs + "/data/opaque");
    tool("mkdir", rootfs + "/data/opaque");
    Files.writeString(rootfs.resolve("data/opaque/new"), "new");
    tool("umoci", "repack", "--image", layout + ":third", work + "/bundle");
    Commands.run(layout, List.of("tar", "-cf", work + "/all.tar", ".")).ok();
    felucca("image", "import", work + "/all.tar").ok();
    felucca(
            "run",
            "--rm",
            "third",
            "sh",
            "-c",
            "cd /data; ls -1 . opaque; stat -c %a setuid; stat -c %h kept; [ kept -ef twin ] && echo same")
        .prints(".:\nkept\nopaque\nsetuid\ntwin\n\nopaque:\nnew\n4755\n2\nsame\n");
    assertEquals("blue", colourInside("third", "data/kept"));
  }

  @Test
  void import_handMadeLayers_haveWhiteoutsLinksAndAttributes() throws IOException {
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
            .write(work.resolve("image"), "layered:1");
    felucca("image", "import", image.toString()).prints("layered:1\n");
    felucca(
            "run",
            "--rm",
            "layered:1",
            "sh",
            "-c",
            "cd /data; echo *; echo opaque/*; stat -c %a setuid; [ plain -ef twin ] && cat pointer")
        .prints("attributed opaque plain pointer setuid twin\nopaque/new\n4755\nplain");
    assertEquals("blue", colourInside("layered:1", "data/attributed"));
  }

  /** The extended attribute {@code user.colour} of a file, as a container sees it. */
  private static String colourInside(String image, String file) throws IOException {
    String id = felucca("run", "-d", image, "sleep", "1000").line();
    long pid =
        felucca("inspect", "--format", "json", id)
            .json()
            .getFirst()
            .requiredObject("summary")
            .requiredNumber("pid");
    Path inside = Path.of("/proc", Long.toString(pid), "root", file);
    byte[] colour = (byte[]) Files.getAttribute(inside, "user:colour");
    felucca("rm", "-f", id).ok();
    return new String(colour, UTF_8);
  }

  @Test
  void listInspectTag_tellOfIt() {
    felucca("image", "import", carried().toString()).ok();
    felucca("image", "tag", "busybox", "example.org/box:2").prints("example.org/box:2\n");
    List<JsonObject> rows = felucca("image", "ls", "--format", "json").json();
    assertEquals(2, rows.size());
    assertEquals(rows.get(0).string("digest"), rows.get(1).string("digest"));
    assertTrue(felucca("images").ok().out().contains("example.org/box"));
    JsonObject document =
        felucca("image", "inspect", "--format", "json", "example.org/box:2").json().getFirst();
    assertEquals("linux/amd64", document.string("platform"));
    assertEquals(1, document.strings("layers").size());
    felucca("image", "tag", "busybox", "example.org/box:2").refused("example.org/box:2", "--force");
    felucca("image", "tag", "busybox", "example.org/box:2@sha256:" + "0".repeat(64)).refused();
    felucca("image", "inspect", "nothing").refused("nothing", "image import");
    String digest = rows.getFirst().string("digest", "");
    felucca("run", "--rm", digest.substring(7, 19), "true").ok();
  }

  @Test
  void remove_lastName_freesBlobsAndLayers() {
    List<String> before = kept();
    felucca("image", "import", carried().toString()).ok();
    felucca("image", "tag", "busybox", "again").ok();
    List<String> with = kept();
    assertNotEquals(before, with);
    felucca("image", "rm", "busybox").prints("busybox\n");
    assertEquals(with, kept());
    felucca("image", "rm", "again").ok();
    assertEquals(before, kept());
  }

  @Test
  void remove_usedByAContainer_isRefused() {
    felucca("image", "import", carried().toString()).ok();
    felucca("create", "--name", "user", "busybox", "true").ok();
    felucca("image", "rm", "busybox").refused("busybox", "user", "--force");
    felucca("image", "rm", "-f", "busybox").ok();
    felucca("start", "-a", "user").ok();
    felucca("rm", "user").ok();
  }

  @Test
  void otherPlatform_isKeptAndRefusesToRun() {
    Path image =
        new TestImage()
            .layer(file("x", "x"))
            .architecture("s390x")
            .write(work.resolve("image"), "foreign:1");
    felucca("image", "import", image.toString()).prints("foreign:1\n");
    felucca("run", "--rm", "foreign:1").refused("foreign:1", "s390x", "linux/amd64");
    assertTrue(felucca("image", "inspect", "foreign:1").ok().out().contains("s390x"));
  }

  /** An archive that is wrong, and what the message has to say. */
  static Stream<Arguments> wrongArchives() {
    return Stream.of(
        Arguments.of(
            "parent folder", new TestImage().layer(file("../escape", "x")), List.of("../escape")),
        Arguments.of(
            "parent folder inside",
            new TestImage().layer(folder("a"), file("a/../../escape", "x")),
            List.of("escape")),
        Arguments.of(
            "hard link out",
            new TestImage().layer(hardLink("link", "../../../../../../etc/passwd")),
            List.of("link")),
        Arguments.of(
            "wrong diffID",
            new TestImage().layer(file("x", "x")).wrongDiffId(),
            List.of("sha256:")),
        Arguments.of(
            "no tar",
            new TestImage().rawLayer("this is no tar at all".repeat(100).getBytes(UTF_8)),
            List.of()),
        Arguments.of(
            "truncated tar",
            new TestImage()
                .rawLayer(Arrays.copyOf(TestImage.tar(file("x", "y".repeat(5000))), 2000)),
            List.of()),
        Arguments.of(
            "unknown layer",
            new TestImage().layer(file("x", "x")).layerType("application/x-riddle"),
            List.of("application/x-riddle")),
        Arguments.of(
            "unknown manifest",
            new TestImage().layer(file("x", "x")).manifestType("application/x-puzzle"),
            List.of("application/x-puzzle")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongArchives")
  void import_wrongArchive_isRefusedAndLeavesNothing(
      String what, TestImage image, List<String> parts) {
    Path layout = image.write(work.resolve("image"), "wrong:1");
    refusesAndLeavesNothing(layout, parts);
    assertFalse(Files.exists(engine.root().getParent().resolve("escape")), what);
  }

  private void refusesAndLeavesNothing(Path archive, List<String> parts) {
    List<String> before = kept();
    List<String> mounts = Machine.mounts(engine.base());
    Result result = felucca("image", "import", archive.toString());
    result.refused(parts.toArray(String[]::new));
    assertTrue(result.err().length() > 20, result::toString);
    assertEquals(List.of(), names());
    assertEquals(before, kept());
    assertEquals(mounts, Machine.mounts(engine.base()));
  }

  @Test
  void import_linksThatLeadOut_stayInside() {
    Path image =
        new TestImage()
            .layer(
                symbolicLink("door", engine.base().toString()),
                file("door/escaped", "x"),
                symbolicLink("up", "../../../../../../../.." + engine.base()),
                file("up/escaped", "x"),
                file(engine.base() + "/absolute", "x"))
            .write(work.resolve("image"), "sly:1");
    Result result = felucca("image", "import", image.toString());
    assertTrue(result.status() == 0 || result.status() == 125, result::toString);
    assertFalse(Files.exists(engine.base().resolve("escaped")));
    assertFalse(Files.exists(engine.base().resolve("absolute")));
  }

  @Test
  void import_truncatedArchive_isRefusedAndLeavesNothing() throws IOException {
    Commands.run(carried(), List.of("tar", "-cf", work + "/whole.tar", ".")).ok();
    byte[] whole = Files.readAllBytes(work.resolve("whole.tar"));
    for (int part : new int[] {10, 4, 2}) {
      Path cut =
          Files.write(work.resolve("cut.tar"), Arrays.copyOf(whole, whole.length / part + 100));
      refusesAndLeavesNothing(cut, List.of());
    }
  }

  @Test
  void import_changedBlob_isRefusedAndNamed() throws IOException {
    Path layout = new TestImage().layer(file("x", "x")).write(work.resolve("image"), "changed:1");
    for (String name : Machine.files(layout.resolve("blobs/sha256"))) {
      if (name.isEmpty()) {
        continue;
      }
      Path blob = layout.resolve("blobs/sha256").resolve(name);
      byte[] right = Files.readAllBytes(blob);
      byte[] wrong = right.clone();
      wrong[wrong.length / 2] ^= 1;
      Files.write(blob, wrong);
      refusesAndLeavesNothing(layout, List.of(name));
      Files.write(blob, Arrays.copyOf(right, right.length - 1));
      refusesAndLeavesNothing(layout, List.of());
      Files.delete(blob);
      refusesAndLeavesNothing(layout, List.of(name));
      Files.write(blob, right);
    }
    felucca("image", "import", layout.toString()).ok();
  }

  @Test
  void import_whatIsNoArchive_isRefused() throws IOException {
    refusesAndLeavesNothing(
        Files.writeString(work.resolve("text"), "no archive\n"), List.of("text"));
    refusesAndLeavesNothing(Files.createFile(work.resolve("empty")), List.of("empty"));
    refusesAndLeavesNothing(Files.createDirectory(work.resolve("hollow")), List.of("hollow"));
    refusesAndLeavesNothing(work.resolve("missing"), List.of("missing", "no such file"));
    refusesAndLeavesNothing(Path.of("/dev/null"), List.of());
  }
}
