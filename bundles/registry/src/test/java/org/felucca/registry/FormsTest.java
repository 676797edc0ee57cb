package org.felucca.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.registry.Credential;
import org.felucca.api.registry.RegistryAccess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The small languages: hosts.toml, config.json, challenges, proxies, pauses. */
class FormsTest {
  @TempDir Path folder;

  private List<Host> hosts(String registry, String toml) throws IOException {
    Path place = Files.createDirectories(folder.resolve(registry));
    Files.writeString(place.resolve("hosts.toml"), toml);
    return new HostsFiles(List.of(folder)).hosts(registry, RegistryAccess.DEFAULT);
  }

  private String standard(String registry) {
    return new HostsFiles(List.of(folder))
        .hosts(registry, RegistryAccess.DEFAULT)
        .getFirst()
        .base()
        .toString();
  }

  @Test
  void hosts_noFile_areTheRegistryItself() {
    assertEquals("https://registry-1.docker.io/v2", standard("docker.io"));
    assertEquals("https://example.org:5000/v2", standard("example.org:5000"));
    assertEquals("http://localhost:5000/v2", standard("localhost:5000"));
    assertEquals("http://127.0.0.1:5000/v2", standard("127.0.0.1:5000"));
    assertEquals("http://[::1]:5000/v2", standard("[::1]:5000"));
    assertEquals("https://localhost:443/v2", standard("localhost:443"));
  }

  @Test
  void hosts_file_saysWhoIsAskedInItsOrder() throws IOException {
    List<Host> hosts =
        hosts(
            "docker.io",
            """
            server = "https://registry-1.docker.io"
            [host."https://z.example"]
              capabilities = ["pull", "resolve"]
              ca = "ca.pem"
              client = [["c.cert", "c.key"], "both.pem"]
            [host."http://a.example:5000/prefix"]
              skip_verify = true
            """);
    assertEquals(
        List.of(
            "https://z.example/v2",
            "http://a.example:5000/prefix/v2",
            "https://registry-1.docker.io/v2"),
        hosts.stream().map(host -> host.base().toString()).toList());
    Host first = hosts.getFirst();
    assertEquals(2, first.capabilities().size());
    assertEquals(List.of(folder.resolve("docker.io/ca.pem")), first.tls().authorities());
    assertEquals(2, first.tls().clients().size());
    assertEquals(folder.resolve("docker.io/c.key"), first.tls().clients().getFirst().key());
    assertNull(first.tls().clients().getLast().key());
    assertEquals(URI.create("https://z.example/v2/x?ns=docker.io"), first.uri("x"));
    assertTrue(hosts.get(1).tls().skipVerify());
    assertEquals(URI.create("https://registry-1.docker.io/v2/x?a=b"), hosts.getLast().uri("x?a=b"));
  }

  @Test
  void hosts_badFile_isNamed() {
    for (String bad :
        List.of(
            "server = ",
            "server = \"ftp://example.org\"",
            "host = 3",
            "[host.\"https://a\"]\ncapabilities = [\"dance\"]",
            "[host.\"https://a\"]\nca = 3",
            "[host.\"https://u:p@a\"]\n")) {
      EngineException e =
          org.junit.jupiter.api.Assertions.assertThrows(
              EngineException.class, () -> hosts("example.org", bad), bad);
      assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
      assertTrue(e.getMessage().contains("example.org/hosts.toml"), e::getMessage);
    }
  }

  @Test
  void hosts_dockersFolder_givesCertificates() throws IOException {
    Path place = Files.createDirectories(folder.resolve("example.org:5000"));
    for (String name : List.of("ca.crt", "me.cert", "me.key")) {
      Files.writeString(place.resolve(name), "");
    }
    Host host =
        new HostsFiles(List.of(folder))
            .hosts("example.org:5000", RegistryAccess.DEFAULT)
            .getFirst();
    assertEquals(List.of(place.resolve("ca.crt")), host.tls().authorities());
    assertEquals(
        List.of(new TlsSettings.ClientKey(place.resolve("me.cert"), place.resolve("me.key"))),
        host.tls().clients());
  }

  @Test
  void challenge_parse_readsSeveral() {
    assertEquals(
        List.of(
            new Challenge("bearer", Map.of("realm", "https://t/a?b=c", "scope", "x:y:pull,push")),
            new Challenge("basic", Map.of("realm", "a \"b\", c"))),
        Challenge.parse(
            List.of(
                "Bearer realm=\"https://t/a?b=c\", scope=\"x:y:pull,push\", Basic realm=\"a \\\"b\\\", c\"")));
    assertEquals(
        List.of(new Challenge("negotiate", Map.of()), new Challenge("basic", Map.of("realm", "x"))),
        Challenge.parse(List.of("Negotiate", "BASIC Realm=x")));
    assertEquals(List.of(), Challenge.parse(List.of("", ",,", "\"", "x".repeat(9000))));
  }

  private DockerConfig config(String json) throws IOException {
    Path file = folder.resolve("config.json");
    Files.writeString(file, json);
    return DockerConfig.read(file, Duration.ofSeconds(20));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void config_logins_areFoundUnderEveryNameOfARegistry() throws IOException {
    DockerConfig config =
        config(
            """
            {"auths":{
              "https://index.docker.io/v1/":{"auth":"%s"},
              "https://one.example/v2/":{"identitytoken":"i"},
              "two.example:5000":{"registrytoken":"r"},
              "three.example":{"username":"u","password":"p"},
              "empty.example":{}},
             "HttpHeaders":{"a":"b"}}
            """
                .formatted(base64("ann:a:b")));
    assertEquals(new Credential.Basic("ann", "a:b"), config.find("docker.io"));
    assertEquals(new Credential.IdentityToken("i"), config.find("one.example"));
    assertEquals(new Credential.AccessToken("r"), config.find("two.example:5000"));
    assertEquals(new Credential.Basic("u", "p"), config.find("three.example"));
    assertNull(config.find("empty.example"));
    assertNull(config.find("two.example"));
    assertTrue(config.remove("docker.io"));
    config.put("four.example", new Credential.Basic("x", "y"));
    String written = new String(config.bytes(), StandardCharsets.UTF_8);
    assertTrue(written.contains("HttpHeaders") && !written.contains("docker.io"), written);
    assertEquals(new Credential.Basic("x", "y"), config(written).find("four.example"));
  }

  @Test
  void config_damaged_isNamed() throws IOException {
    for (String bad : List.of("{", "{\"auths\":{\"a.example\":{\"auth\":\"!\"}}}")) {
      EngineException e =
          org.junit.jupiter.api.Assertions.assertThrows(
              EngineException.class, () -> config(bad).find("a.example"), bad);
      assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
      assertTrue(e.getMessage().contains("config.json"), e::getMessage);
    }
  }

  @Test
  void config_helperThatIsNotThere_isNamed() throws IOException {
    DockerConfig config = config("{\"credHelpers\":{\"a.example\":\"no-such\"}}");
    EngineException e =
        org.junit.jupiter.api.Assertions.assertThrows(
            EngineException.class, () -> config.find("a.example"));
    assertTrue(e.getMessage().contains("docker-credential-no-such"), e::getMessage);
    assertNull(config.find("b.example"));
  }

  @Test
  void helper_thatDoesNotAnswer_endsWithAllItHasStarted() throws Exception {
    Path number = folder.resolve("number");
    Path program = folder.resolve("helper");
    Files.writeString(program, "#!/bin/sh\nsleep 300 &\necho $! > %s\nwait\n".formatted(number));
    assertTrue(program.toFile().setExecutable(true));
    CredentialHelper helper = new CredentialHelper(program, Duration.ofSeconds(3));
    EngineException e =
        org.junit.jupiter.api.Assertions.assertThrows(
            EngineException.class, () -> helper.get("a.example"));
    assertEquals(ErrorKind.DEADLINE_EXCEEDED, e.kind());
    long child = Long.parseLong(Files.readString(number).strip());
    ProcessHandle handle = ProcessHandle.of(child).orElse(null);
    if (handle != null) {
      handle.onExit().get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void secrets_areNotShown() {
    for (Credential credential :
        List.of(
            new Credential.Basic("ann", "hidden"),
            new Credential.IdentityToken("hidden"),
            new Credential.AccessToken("hidden"),
            new Credential.Header("hidden"))) {
      assertTrue(!credential.toString().contains("hidden"), credential::toString);
    }
  }

  @Test
  void proxies_environment_saysWhich() {
    Proxies proxies =
        new Proxies(
            Map.of(
                "HTTPS_PROXY", "http://proxy.example:3128",
                "http_proxy", "plain.example",
                "NO_PROXY", "inner.example, .corp.example,10.0.0.1:5000"));
    assertEquals("proxy.example:3128", proxy(proxies, "https://docker.io/v2/"));
    assertEquals("plain.example:80", proxy(proxies, "http://docker.io/v2/"));
    for (String direct :
        List.of(
            "http://localhost:5000/",
            "https://127.0.0.1/",
            "https://inner.example/",
            "https://a.inner.example/",
            "https://a.corp.example/",
            "http://10.0.0.1:5000/")) {
      assertEquals("", proxy(proxies, direct), direct);
    }
    assertEquals("plain.example:80", proxy(proxies, "http://10.0.0.1:5001/"));
  }

  private static String proxy(Proxies proxies, String uri) {
    Proxy proxy = proxies.select(URI.create(uri)).getFirst();
    return proxy.type() == Proxy.Type.DIRECT
        ? ""
        : proxy.address().toString().replaceFirst("/<unresolved>", "");
  }

  @Test
  void pauses_growUpToABound() {
    Pauses pauses = new Pauses(6, Duration.ofMillis(500));
    for (int attempt = 0; attempt < 40; attempt++) {
      long most = Math.min(15_000, 500L << Math.min(attempt, 20));
      long pause = pauses.after(attempt).toMillis();
      assertTrue(pause >= most / 2 && pause <= most, attempt + ": " + pause);
    }
    assertEquals(Duration.ofSeconds(7), Pauses.retryAfter("7"));
    assertEquals(Duration.ZERO, Pauses.retryAfter("Wed, 21 Oct 2015 07:28:00 GMT"));
    assertNull(Pauses.retryAfter("soon"));
    assertNull(Pauses.retryAfter(null));
  }
}
