package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a command or an archive is told, and leaves nothing behind. */
class BadInputIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.prepare();
    engine.startEngine();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static Result run(String... command) {
    return Commands.run(engine.base(), List.of(command));
  }

  private static void assertNothingIsThere() {
    felucca("image", "ls", "-q").prints("");
    felucca("ps", "-aq").prints("");
    assertEquals(List.of(), Machine.mounts(engine.base()));
    assertEquals(List.of(), names("content/ingest"));
    assertEquals(List.of(), names("snapshots/overlayfs"));
  }

  private static List<String> names(String folder) {
    try (Stream<Path> files = Files.list(engine.root().resolve(folder))) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  // Archives.

  @Test
  void truncatedArchive_isRefused() throws IOException {
    Path whole = engine.base().resolve("busybox.tar");
    run("tar", "-cf", whole.toString(), "-C", layout().toString(), ".").ok();
    byte[] bytes = Files.readAllBytes(whole);
    for (int length : new int[] {0, 100, 512, bytes.length / 4, bytes.length / 2}) {
      Path cut = engine.base().resolve("cut-" + length + ".tar");
      Files.write(cut, java.util.Arrays.copyOf(bytes, length));
      felucca("image", "import", cut.toString()).refused(cut.toString());
      engine.feluccaReading(cut, "image", "import", "-").refused("import");
      assertNothingIsThere();
    }
  }

  @Test
  void damagedBlob_isRefused() throws IOException {
    for (String blob : blobs(layout())) {
      Path copy = engine.base().resolve("damaged-" + blob.substring(0, 12));
      run("cp", "-r", layout().toString(), copy.toString()).ok();
      Path file = copy.resolve("blobs/sha256").resolve(blob);
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length / 2] ^= 0x20;
      Files.write(file, bytes);
      felucca("image", "import", copy.toString()).refused(blob);
      assertNothingIsThere();
    }
  }

  @Test
  void missingBlob_isRefused() throws IOException {
    for (String blob : blobs(layout())) {
      Path copy = engine.base().resolve("incomplete-" + blob.substring(0, 12));
      run("cp", "-r", layout().toString(), copy.toString()).ok();
      Files.delete(copy.resolve("blobs/sha256").resolve(blob));
      felucca("image", "import", copy.toString()).refused(copy.toString(), "lacks");
      assertNothingIsThere();
    }
  }

  private static Path layout() {
    return engine.home().resolve("images/busybox");
  }

  private static List<String> blobs(Path layout) throws IOException {
    try (Stream<Path> files = Files.list(layout.resolve("blobs/sha256"))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @Test
  void wrongDiffId_isRefused() {
    String wrong = "sha256:" + "0".repeat(64);
    Path archive = DockerArchive.ofManyFiles(engine.base(), 3).claims(wrong).write("liar");
    felucca("image", "import", archive.toString()).refused(wrong);
    assertNothingIsThere();
  }

  @Test
  void noArchive_isRefused() throws IOException {
    Path text = Files.writeString(engine.base().resolve("text"), "no archive\n".repeat(1000));
    felucca("image", "import", text.toString()).refused(text.toString());
    Path folder = Files.createDirectory(engine.base().resolve("no-layout"));
    felucca("image", "import", folder.toString()).refused(folder.toString());
    felucca("image", "import", "/no/such/file").refused("/no/such/file", "no such file");
    assertNothingIsThere();
  }

  @Test
  void imageOfAnotherPlatform_isKeptButDoesNotRun() {
    Path archive = DockerArchive.ofManyFiles(engine.base(), 3).architecture("s390x").write("far");
    felucca("image", "import", archive.toString()).prints("far\n");
    felucca("run", "--rm", "far", "true").refused("far", "s390x");
    felucca("image", "rm", "far").ok();
    Commands.await("no blob is left", () -> names("content/blobs/sha256").isEmpty());
    assertNothingIsThere();
  }

  // Command lines.

  @Test
  void unknownVerb_isRefused() {
    felucca("rum").refused("\"rum\" is no verb", "rm or run");
    felucca("image", "steal").refused("steal", "felucca image help");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run",
        "create",
        "start",
        "stop",
        "kill",
        "exec",
        "attach",
        "logs",
        "inspect",
        "wait",
        "rm",
        "image import",
        "image inspect",
        "image tag",
        "image rm",
        "source"
      })
  void missingArgument_isNamed(String verb) {
    felucca(verb.split(" ", -1))
        .refused("missing required parameter", "felucca " + verb + " --help");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run --no-such-option busybox",
        "run -v nonsense busybox",
        "run -v /tmp:/tmp:wet busybox",
        "run -e =value busybox",
        "run --name in/valid busybox",
        "stop -t soon c",
        "logs --tail some c",
        "events --since yesterday",
        "ps --format yaml",
        "ps --filter status=asleep",
        "ps surplus",
        "image ls --format xml",
        "-n in/valid ps"
      })
  void badValue_isRefused(String line) {
    Result result = felucca(line.split(" ", -1)).fails(125);
    assertTrue(result.err().startsWith("felucca: "), result::toString);
    assertEquals("", result.out());
    assertNothingIsThere();
  }

  @Test
  void unknownThings_areNamed() {
    felucca("run", "nothing-like-it", "true").refused("nothing-like-it", "image import");
    for (String verb :
        List.of("start", "stop", "kill", "attach", "logs", "inspect", "wait", "rm")) {
      felucca(verb, "nobody").refused("nobody");
    }
    felucca("exec", "nobody", "true").refused("nobody");
    felucca("image", "rm", "nothing").refused("nothing");
  }

  // Engines.

  @Test
  void noEngine_nextStepIsTold() {
    String felucca = engine.home().resolve("bin/felucca").toString();
    String socket = engine.base().resolve("nobody.sock").toString();
    run(felucca, "--socket", socket, "ps").refused(socket, "feluccad");
  }

  @Test
  void secondEngine_isRefused() {
    Result result = Commands.run(engine.base(), engine.daemon());
    assertEquals(1, result.status(), result::toString);
    assertTrue(result.err().contains("(pid " + engine.pid() + ")"), result::toString);
    assertTrue(result.err().contains(engine.root().toString()), result::toString);
    felucca("ps").ok();
  }

  @Test
  void stateThatIsTooLong_isRefused() {
    String state = engine.base() + "/" + "s".repeat(80);
    Result result = daemon("--state", state);
    assertEquals(1, result.status(), result::toString);
    assertTrue(result.err().contains(state + " is too long"), result::toString);
    assertTrue(Files.notExists(Path.of(state)));
  }

  @Test
  void engineOptionThatIsUnknown_isRefused() {
    Result result = daemon("--fast", "yes");
    assertTrue(result.status() != 0 && result.err().contains("--fast"), result::toString);
  }

  private static Result daemon(String... options) {
    List<String> command =
        new ArrayList<>(
            List.of(
                engine.home().resolve("bin/feluccad").toString(),
                "--root",
                engine.base().resolve("other-root").toString()));
    command.addAll(List.of(options));
    return Commands.run(engine.base(), command);
  }
}
