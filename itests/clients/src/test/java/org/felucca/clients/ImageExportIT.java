package org.felucca.clients;

import static org.felucca.clients.TestImage.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Images that leave as archives, and come back here and elsewhere as they were. */
class ImageExportIT {
  private static final String OTHER = "elsewhere";

  private static TestEngine engine;
  private static int folders;
  private Path work = Path.of("/");

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    for (JsonObject image : felucca("-n", OTHER, "images", "--format", "json").json()) {
      felucca("-n", OTHER, "image", "rm", image.string("name", "")).ok();
    }
    engine.close();
  }

  @BeforeEach
  void folder() throws IOException {
    work = Files.createDirectory(engine.base().resolve("work" + folders++));
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private Result tool(String... command) {
    return Commands.run(work, List.of(command)).ok();
  }

  private static String digest(String... arguments) {
    List<String> command = new java.util.ArrayList<>(List.of(arguments));
    return felucca(command.toArray(String[]::new)).json().getFirst().string("digest", "");
  }

  private static String busybox() {
    return digest("images", "--format", "json", "busybox");
  }

  @Test
  void export_file_comesBackTheSameAndGoesElsewhere() throws IOException {
    Path tar = work.resolve("busybox.tar");
    felucca("image", "export", "-o", tar.toString(), "busybox").prints("");
    felucca("-n", OTHER, "image", "import", tar.toString()).prints("busybox\n");
    assertEquals(busybox(), digest("-n", OTHER, "images", "--format", "json", "busybox"));
    tool("skopeo", "copy", "-q", "oci-archive:" + tar + ":latest", "dir:" + work + "/oci");
    tool("skopeo", "copy", "-q", "docker-archive:" + tar + ":busybox:latest", "dir:" + work + "/d");
    // Every layer is in both as it came.
    for (String line :
        felucca("inspect", "--format", "{{range .layers}}{{println .}}{{end}}", "busybox")
            .ok()
            .out()
            .lines()
            .filter(line -> !line.isBlank())
            .toList()) {
      String hex = line.substring("sha256:".length());
      assertEquals(
          "sha256:" + hex, TestImage.digest(Files.readAllBytes(work.resolve("oci").resolve(hex))));
    }
    Path again = work.resolve("again.tar");
    felucca("image", "export", "-o", again.toString(), "busybox").ok();
    assertEquals(-1, Files.mismatch(tar, again));
  }

  @Test
  void export_stdout_isAPipeAndNoTerminal() {
    engine
        .pipedInto("tar -tf - | grep -c '^blobs/sha256/.'", "image", "export", "busybox")
        .prints("3\n");
    TerminalClient terminal = engine.onTerminal("image", "export", "busybox");
    assertEquals(125, terminal.await());
    assertTrue(terminal.text().contains("--output"), terminal.text());
  }

  @Test
  void export_folder_isALayout() {
    Path folder = work.resolve("layout");
    felucca("image", "export", "-o", folder + "/", "busybox").ok();
    tool("umoci", "ls", "--layout", folder.toString()).prints("latest\n");
    assertEquals(
        busybox(),
        "sha256:"
            + tool("sh", "-c", "skopeo inspect --raw oci:layout:latest | sha256sum")
                .line()
                .substring(0, 64));
    felucca("-n", OTHER, "image", "import", folder.toString()).prints("busybox\n");
    felucca("image", "export", "-o", folder + "/", "busybox").refused("not empty");
    felucca("image", "export", "--format", "docker", "-o", work + "/d/", "busybox")
        .refused("OCI layout");
    assertFalse(Files.exists(work.resolve("d")));
  }

  @Test
  void export_docker_isWhatDockerSaveWrote() {
    Path tar = work.resolve("docker.tar");
    felucca("image", "tag", "busybox", "example.org/team/box:7").ok();
    felucca(
            "image",
            "export",
            "--format",
            "docker",
            "-o",
            tar.toString(),
            "busybox",
            "example.org/team/box:7")
        .ok();
    String names = tool("tar", "-xOf", tar.toString(), "manifest.json").line();
    assertTrue(names.contains("busybox:latest") && names.contains("example.org/team/box:7"), names);
    tool("skopeo", "copy", "-q", "docker-archive:" + tar + ":busybox:latest", "dir:" + work + "/d");
    Result back = felucca("-n", OTHER, "image", "import", tar.toString()).ok();
    assertEquals(
        List.of("busybox", "example.org/team/box:7"), back.out().lines().sorted().toList());
    felucca("-n", OTHER, "run", "--rm", "busybox", "echo", "runs").prints("runs\n");
    felucca("image", "rm", "example.org/team/box:7").ok();
  }

  @Test
  void export_severalImages_areAllInOne() throws IOException {
    Path layout = new TestImage().layer(file("one", "1")).write(work.resolve("one"), "one:1");
    felucca("image", "import", layout.toString()).prints("one:1\n");
    Path tar = work.resolve("both.tar");
    felucca("image", "export", "-o", tar.toString(), "busybox", "one:1").ok();
    Result back = felucca("-n", OTHER, "image", "import", tar.toString()).ok();
    assertEquals(List.of("busybox", "one:1"), back.out().lines().sorted().toList());
    felucca("image", "rm", "one:1").ok();
  }

  /** An image of this machine's platform and of s390x. */
  private Path twoPlatforms() throws IOException {
    Path folder = new TestImage().layer(file("here", "1")).write(work.resolve("two"), "two:1");
    Path other =
        new TestImage()
            .architecture("s390x")
            .layer(file("there", "2"))
            .write(work.resolve("other"), "two:2");
    for (String blob : Machine.files(other.resolve("blobs/sha256"))) {
      if (!blob.isEmpty()) {
        Files.copy(
            other.resolve("blobs/sha256").resolve(blob),
            folder.resolve("blobs/sha256").resolve(blob));
      }
    }
    String here =
        manifest(folder, System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64");
    String there = manifest(other, "s390x");
    byte[] index =
        ("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":["
                + here
                + ","
                + there
                + "]}")
            .getBytes(java.nio.charset.StandardCharsets.UTF_8);
    String digest = TestImage.digest(index);
    Files.write(folder.resolve("blobs/sha256/" + digest.substring(7)), index);
    Files.writeString(
        folder.resolve("index.json"),
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"digest\":\"%s\",\"size\":%d,\"annotations\":{\"org.opencontainers.image.ref.name\":\"two:1\"}}]}"
            .formatted(digest, index.length));
    return folder;
  }

  private static String manifest(Path layout, String architecture) throws IOException {
    Matcher found =
        Pattern.compile("\"digest\":\"(sha256:[0-9a-f]{64})\",\"size\":([0-9]+)")
            .matcher(Files.readString(layout.resolve("index.json")));
    assertTrue(found.find());
    return "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\",\"size\":%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}}"
        .formatted(found.group(1), found.group(2), architecture);
  }

  @Test
  void export_platforms_areThoseThatWereAsked() throws IOException {
    felucca("image", "import", twoPlatforms().toString()).prints("two:1\n");
    String whole = digest("images", "--format", "json", "two");
    Path all = work.resolve("all.tar");
    felucca("image", "export", "--all-platforms", "-o", all.toString(), "two:1").ok();
    felucca("-n", OTHER, "image", "import", all.toString()).ok();
    assertEquals(whole, digest("-n", OTHER, "images", "--format", "json", "two"));
    felucca("-n", OTHER, "image", "rm", "two:1").ok();

    Path one = work.resolve("one.tar");
    felucca("image", "export", "--platform", "linux/s390x", "-o", one.toString(), "two:1").ok();
    felucca("-n", OTHER, "image", "import", one.toString()).ok();
    String manifest =
        felucca("-n", OTHER, "image", "inspect", "--raw", "index", "two:1").ok().out();
    assertTrue(manifest.contains("\"layers\""), manifest);
    assertEquals(
        manifest,
        felucca("image", "inspect", "--platform", "linux/s390x", "--raw", "manifest", "two:1")
            .ok()
            .out());
    felucca("-n", OTHER, "image", "rm", "two:1").ok();
    felucca("image", "export", "--platform", "linux/riscv64", "-o", work + "/x.tar", "two:1")
        .refused("linux/riscv64", "linux/s390x");
    assertFalse(Files.exists(work.resolve("x.tar")));
    felucca("image", "rm", "two:1").ok();
  }

  @Test
  void export_wrongly_isRefusedAndLeavesNothing() throws IOException {
    felucca("image", "export", "-o", work + "/x.tar", "busybux").refused("did you mean busybox");
    felucca("image", "export", "-o", work + "/none/x.tar", "busybox").refused("none", "make it");
    felucca("image", "export", "--format", "tgz", "-o", work + "/x.tar", "busybox")
        .refused("oci or docker");
    felucca("image", "export", "-o", engine.root() + "/x.tar", "busybox").refused("own folder");
    felucca("image", "export", "--all-platforms", "--platform", "linux/amd64", "busybox")
        .refused("both");
    assertEquals(List.of(""), Machine.files(work));
  }

  @Test
  void export_intoContainerd_hasTheSameDigest() throws IOException {
    Path tar = work.resolve("busybox.tar");
    felucca("image", "export", "-o", tar.toString(), "busybox").ok();
    Path config = work.resolve("containerd.toml");
    Files.writeString(
        config,
        """
        version = 2
        root = "%1$s/containerd/root"
        state = "%1$s/containerd/state"
        disabled_plugins = ["io.containerd.grpc.v1.cri"]
        [grpc]
        address = "%1$s/c.sock"
        """
            .formatted(work));
    Running containerd =
        Running.start(work, List.of("containerd", "-c", config.toString(), "-l", "error"));
    try {
      List<String> ctr = List.of("ctr", "-a", work + "/c.sock");
      Commands.await(
          "containerd answers",
          () -> Commands.run(work, with(ctr, "images", "ls", "-q")).status() == 0);
      Commands.run(work, with(ctr, "images", "import", "--no-unpack", tar.toString()))
          .orElse(() -> Commands.run(work, with(ctr, "images", "import", tar.toString())))
          .ok();
      String listed = Commands.run(work, with(ctr, "images", "ls")).ok().out();
      assertTrue(listed.contains("docker.io/library/busybox:latest"), listed);
      assertTrue(listed.contains(busybox()), listed);
    } finally {
      containerd.end();
      containerd.await();
    }
  }

  private static List<String> with(List<String> command, String... more) {
    List<String> all = new java.util.ArrayList<>(command);
    all.addAll(List.of(more));
    return all;
  }
}
