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
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Pull and push with Debian's docker-registry; skopeo and ctr look at what was pushed. */
class RegistryIT {
  private static final String INDEX = "application/vnd.oci.image.index.v1+json";

  private static TestEngine engine;
  private static DockerRegistry registry;
  private static String host;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
    registry = DockerRegistry.plain(engine.base().resolve("plain"));
    host = registry.host();
    registry.add(
        TestImage.busybox().layer(file("own", "1")).write(engine.base().resolve("box"), "1"),
        "team/box:1");
  }

  @AfterAll
  static void stop() {
    registry.close();
    engine.close();
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static Result skopeo(String name) {
    return Commands.run(
        engine.base(),
        List.of("skopeo", "inspect", "--tls-verify=false", "--raw", "docker://" + name));
  }

  private static String digest(String image) {
    return felucca("image", "inspect", "--raw", "index", image).ok().out();
  }

  @Test
  void run_missingImage_isPulledUnlessForbidden() {
    String name = host + "/team/box:1";
    felucca("run", "--rm", "--pull", "never", name, "cat").refused("not found");
    Result run = felucca("run", "--rm", name, "cat", "/own");
    run.prints("1");
    assertTrue(run.err().contains("unpacked"), run::toString);
    Result again = felucca("run", "--rm", name, "cat", "/own");
    again.prints("1");
    assertEquals("", again.err());
    assertTrue(
        felucca("run", "--rm", "--pull", "always", name, "cat", "/own")
            .ok()
            .err()
            .contains("done"));
    felucca("run", "--rm", "-q", "--pull", "sometimes", name, "cat").refused("sometimes");
    engine.removeContainers();
    felucca("image", "rm", name).ok();
  }

  @Test
  void run_imageThatIsNowhere_saysBoth() {
    felucca("run", "--rm", host + "/team/nothing:1", "true")
        .refused("not found", "nor could it be pulled", "does not have it");
  }

  @Test
  void pull_formats_areForPeopleAndPrograms() {
    String name = host + "/team/box:1";
    Result json = felucca("pull", "--format", "json", "--progress", "json", name);
    assertEquals(name, json.json().getFirst().string("name", ""));
    assertTrue(json.err().contains("\"state\":\"downloading\"") || json.err().contains("exists"));
    Result quiet = felucca("pull", "-q", name);
    quiet.prints(name + "\n");
    assertEquals("", quiet.err());
    felucca("image", "check", name).ok();
    felucca("image", "rm", name).ok();
  }

  @Test
  void push_again_sendsNothingTwiceAndOthersReadIt() throws IOException {
    felucca("pull", "-q", host + "/team/box:1").ok();
    felucca("push", "-q", "busybox", host + "/pushed/box:2").ok();
    Result mounted = felucca("push", host + "/team/box:1", host + "/elsewhere/box:1");
    assertTrue(mounted.ok().err().contains("mounted"), mounted::toString);
    assertFalse(mounted.err().contains("box:1: pushing"), mounted::toString);
    Result again = felucca("push", host + "/team/box:1", host + "/elsewhere/box:1");
    assertEquals(3, again.ok().err().split("exists", -1).length - 1, again::toString);
    assertEquals(skopeo(host + "/team/box:1").ok().out(), skopeo(host + "/elsewhere/box:1").out());
    assertEquals(digest("busybox"), skopeo(host + "/pushed/box:2").ok().out());
    Path back = engine.base().resolve("back");
    Commands.run(
            engine.base(),
            List.of(
                "skopeo",
                "copy",
                "-q",
                "--src-tls-verify=false",
                "docker://" + host + "/pushed/box:2",
                "dir:" + back))
        .ok();
    assertTrue(Files.exists(back.resolve("manifest.json")));
    felucca("search-tags", host + "/elsewhere/box").prints("1\n");
    assertTrue(felucca("search-tags", "--repositories", host).ok().out().contains("pushed/box\n"));
    felucca("image", "rm", host + "/team/box:1").ok();
  }

  /** A layout with an index of two images, one of which runs here. */
  private static Path twoPlatforms() throws IOException {
    Path folder = new TestImage().layer(file("here", "1")).write(engine.base().resolve("two"), "a");
    Path other =
        new TestImage()
            .architecture("s390x")
            .layer(file("there", "2"))
            .write(engine.base().resolve("other"), "b");
    Commands.run(engine.base(), List.of("cp", "-r", other + "/blobs", folder + "/")).ok();
    String here = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    String index =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s,%s]}"
            .formatted(INDEX, manifest(folder, here), manifest(other, "s390x"));
    byte[] bytes = index.getBytes(StandardCharsets.UTF_8);
    String digest = TestImage.digest(bytes);
    Files.write(folder.resolve("blobs").resolve(digest.replace(':', '/')), bytes);
    Files.writeString(
        folder.resolve("index.json"),
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}]}"
            .formatted(INDEX, digest, bytes.length));
    return folder;
  }

  private static String manifest(Path layout, String architecture) throws IOException {
    JsonObject entry =
        Json.object(Files.readAllBytes(layout.resolve("index.json")), "index")
            .objects("manifests")
            .getFirst();
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d,\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}}"
        .formatted(
            entry.requiredString("mediaType"),
            entry.requiredString("digest"),
            entry.requiredNumber("size"),
            architecture);
  }

  @Test
  void pull_byDigestAndPlatform_takesWhatWasAsked() throws IOException {
    Path folder = twoPlatforms();
    felucca("image", "import", "--name", "two:1", folder.toString()).ok();
    String pushed = felucca("push", "-q", "--all-platforms", "two:1", host + "/team/two:1").line();
    felucca("image", "rm", "two:1").ok();
    String name = host + "/team/two:1";
    felucca("pull", "-q", name).ok();
    felucca("image", "inspect", "--raw", "manifest", "--platform", "linux/s390x", name).refused();
    felucca("pull", "-q", "--platform", "s390x", name).ok();
    felucca("image", "inspect", "--raw", "manifest", "--platform", "linux/s390x", name).ok();
    felucca("image", "rm", name).ok();
    felucca("pull", "-q", host + "/team/two:none@" + pushed).ok();
    felucca("image", "rm", host + "/team/two:none@" + pushed).ok();
    felucca("pull", "--platform", "riscv64", name)
        .refused("it is not for linux/riscv64 but for", "linux/s390x");
  }

  @Test
  void tls_unknownAuthority_isRefusedUntilItIsNamed() throws IOException {
    Path folder = engine.base().resolve("tls");
    try (DockerRegistry secure = DockerRegistry.withTls(folder)) {
      secure.add(engine.home().resolve("images/busybox"), "box:1");
      Path hosts = engine.base().resolve("certs");
      Path own = Files.createDirectories(hosts.resolve(secure.host()));
      String server = "server = \"https://" + secure.host() + "\"\n";
      Files.writeString(own.resolve("hosts.toml"), server);
      String name = secure.host() + "/box:1";
      felucca("pull", "--hosts-dir", hosts.toString(), name)
          .refused("is not trusted", "hosts.toml");
      felucca("pull", name).refused("HTTPS server", "hosts.toml");
      felucca("pull", "-q", "--hosts-dir", hosts.toString(), "--tls-verify", "false", name).ok();
      felucca("image", "rm", name).ok();
      Files.writeString(
          own.resolve("hosts.toml"), server + "ca = \"" + folder.resolve("ca.pem") + "\"\n");
      felucca("pull", "-q", "--hosts-dir", hosts.toString(), name).ok();
      felucca("push", "-q", "--hosts-dir", hosts.toString(), name, secure.host() + "/copy:1").ok();
      felucca("image", "rm", name).ok();
    }
  }

  @Test
  void login_passwords_areTriedKeptAndForgotten() throws IOException {
    try (DockerRegistry guarded =
        DockerRegistry.withPasswords(engine.base().resolve("passwords"))) {
      Path wrong = engine.base().resolve("wrong");
      Path right = engine.base().resolve("right");
      Files.writeString(wrong, "guess\n");
      Files.writeString(right, "secret\n");
      String own = guarded.host();
      felucca("push", "busybox", own + "/box:1")
          .refused("wants credentials", "felucca login " + own);
      engine
          .feluccaReading(wrong, "login", "-u", "ann", "--password-stdin", own)
          .refused("does not accept the credentials");
      engine
          .feluccaReading(right, "login", "-u", "ann", "--password-stdin", own)
          .prints("logged in at " + own + "\n");
      felucca("push", "-q", "busybox", own + "/box:1").ok();
      felucca("pull", "-q", own + "/box:1").ok();
      felucca("image", "rm", own + "/box:1").ok();
      felucca("logout", own).prints("logged out at " + own + "\n");
      felucca("pull", own + "/box:1").refused("wants credentials");
      felucca("logout", own).refused("no login");
      assertFalse(engine.logText().contains("secret"));
    }
  }
}
