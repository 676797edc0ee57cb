package org.felucca.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.Descriptor;
import org.felucca.api.image.ImageReference;
import org.felucca.api.registry.Credential;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.oci.MediaTypes;
import org.junit.jupiter.api.Test;

/** Attempts, redirects, credentials and the machines that stand for a registry. */
class WireTest extends RegistryTestBase {
  private static final RegistryAccess ANN =
      RegistryAccess.DEFAULT.withCredentials(registry -> new Credential.Basic("ann", "secret"));

  /** As RFC 7617 has ann:secret. */
  private static final String ANNS = "Basic YW5uOnNlY3JldA==";

  private void failing(int times, int status, Map<String, String> headers) {
    AtomicInteger left = new AtomicInteger(times);
    registry.hook =
        exchange -> {
          if (left.getAndDecrement() <= 0) {
            return false;
          }
          headers.forEach(exchange.getResponseHeaders()::set);
          TestingRegistry.answer(exchange, status, TestingRegistry.error("BUSY", "too busy"));
          return true;
        };
  }

  @Test
  void send_passingFailures_areTriedAgain() throws IOException {
    Descriptor blob = registry.blob(100);
    for (int status : new int[] {429, 500, 502, 503}) {
      failing(2, status, Map.of());
      assertEquals(100, read(blob, 0).length);
    }
    assertEquals(12, registry.log.size());
  }

  @Test
  void send_failuresWithoutEnd_areTold() {
    Descriptor blob = registry.blob(100);
    failing(Integer.MAX_VALUE, 503, Map.of());
    assertFails(ErrorKind.UNAVAILABLE, "status 503: too busy", () -> read(blob, 0));
    assertEquals(4, registry.log.size());
  }

  @Test
  void send_retryAfter_isWaitedFor() throws IOException {
    Descriptor blob = registry.blob(100);
    failing(1, 429, Map.of("Retry-After", "1"));
    long begun = System.nanoTime();
    assertEquals(100, read(blob, 0).length);
    assertTrue(System.nanoTime() - begun >= 1_000_000_000L);
  }

  @Test
  void send_retryAfterAnHour_isTold() {
    Descriptor blob = registry.blob(100);
    failing(Integer.MAX_VALUE, 429, Map.of("Retry-After", "3600"));
    assertFails(ErrorKind.UNAVAILABLE, "try again in 3600 seconds", () -> read(blob, 0));
    assertEquals(1, registry.log.size());
  }

  @Test
  void redirect_toItself_endsAtOnce() {
    Descriptor blob = registry.blob(100);
    registry.hook =
        exchange -> {
          exchange.getResponseHeaders().set("Location", exchange.getRequestURI().toString());
          TestingRegistry.answer(exchange, 307, new byte[0]);
          return true;
        };
    assertFails(ErrorKind.INVALID_ARGUMENT, "in circles", () -> read(blob, 0));
  }

  @Test
  void redirect_everFurther_ends() {
    Descriptor blob = registry.blob(100);
    AtomicInteger number = new AtomicInteger();
    registry.hook =
        exchange -> {
          exchange.getResponseHeaders().set("Location", "/v2/" + number.incrementAndGet());
          TestingRegistry.answer(exchange, 302, new byte[0]);
          return true;
        };
    assertFails(ErrorKind.INVALID_ARGUMENT, "in circles", () -> read(blob, 0));
  }

  @Test
  void redirect_toAnotherOrigin_carriesNoCredentials() throws IOException {
    Descriptor blob = registry.blob(1000);
    try (TestingRegistry other = new TestingRegistry()) {
      other.blobs.putAll(registry.blobs);
      List<String> seen = new CopyOnWriteArrayList<>();
      other.hook =
          exchange -> {
            seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("X-Own")));
            return false;
          };
      registry.hook =
          exchange -> {
            if (!ANNS.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
              exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"here\"");
              TestingRegistry.answer(exchange, 401, new byte[0]);
              return true;
            }
            assertEquals("1", exchange.getRequestHeaders().getFirst("X-Own"));
            exchange
                .getResponseHeaders()
                .set("Location", "http://" + other.host() + exchange.getRequestURI());
            TestingRegistry.answer(exchange, 307, new byte[0]);
            return true;
          };
      RegistryAccess access =
          new RegistryAccess(ANN.credentials(), null, false, false, Map.of("X-Own", "1"));
      byte[] bytes;
      try (var stream = client().blob(registry.name("box"), blob, 0, access)) {
        bytes = stream.readAllBytes();
      }
      assertArrayEquals(registry.blobs.get(blob.digest().toString()), bytes);
      assertEquals(List.of("null", "null"), seen);
    }
  }

  @Test
  void challenge_fromAnotherOrigin_isNotAnswered() {
    Descriptor blob = registry.blob(10);
    try (TestingRegistry other = new TestingRegistry()) {
      other.hook =
          exchange -> {
            exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"give me\"");
            TestingRegistry.answer(exchange, 401, new byte[0]);
            return true;
          };
      registry.hook =
          exchange -> {
            exchange.getResponseHeaders().set("Location", "http://" + other.host() + "/x");
            TestingRegistry.answer(exchange, 307, new byte[0]);
            return true;
          };
      assertFails(
          ErrorKind.PERMISSION_DENIED,
          other.host() + " wants credentials",
          () -> client().blob(registry.name("box"), blob, 0, ANN));
      assertEquals(1, other.log.size());
    }
  }

  @Test
  void credentials_noneOrWrong_saysHowToLogIn() {
    registry.hook =
        exchange -> {
          exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"here\"");
          TestingRegistry.answer(
              exchange, 401, TestingRegistry.error("UNAUTHORIZED", "who are you"));
          return true;
        };
    assertFails(
        ErrorKind.PERMISSION_DENIED,
        "wants credentials",
        () -> client().resolve(registry.name("box"), RegistryAccess.DEFAULT));
    assertFails(
        ErrorKind.PERMISSION_DENIED,
        "felucca login " + registry.host(),
        () -> client().resolve(registry.name("box"), ANN));
  }

  /** A token server, and a registry that wants its tokens, each good for so many requests. */
  private void wantsTokens(List<String> asked, int good) {
    AtomicInteger number = new AtomicInteger();
    AtomicInteger used = new AtomicInteger();
    registry.hook =
        exchange -> {
          if (exchange.getRequestURI().getPath().equals("/token")) {
            String body = new String(exchange.getRequestBody().readAllBytes());
            asked.add(
                exchange.getRequestMethod()
                    + " "
                    + exchange.getRequestURI().getQuery()
                    + " "
                    + exchange.getRequestHeaders().getFirst("Authorization")
                    + " "
                    + body);
            used.set(0);
            TestingRegistry.json(
                exchange,
                "{\"token\":\"t%d\",\"expires_in\":300}".formatted(number.incrementAndGet()));
            return true;
          }
          String wanted = "Bearer t" + number.get();
          if (!wanted.equals(exchange.getRequestHeaders().getFirst("Authorization"))
              || used.incrementAndGet() > good) {
            exchange
                .getResponseHeaders()
                .set(
                    "WWW-Authenticate",
                    "Bearer realm=\"http://%s/token\",service=\"reg\",scope=\"repository:box:pull\""
                        .formatted(registry.host()));
            TestingRegistry.answer(exchange, 401, new byte[0]);
            return true;
          }
          return false;
        };
  }

  @Test
  void bearer_token_isAskedForOnceAndAgainWhenItNoLongerConvinces() throws IOException {
    Descriptor blob = registry.blob(10);
    List<String> asked = new CopyOnWriteArrayList<>();
    wantsTokens(asked, 3);
    for (int i = 0; i < 4; i++) {
      try (var bytes = client().blob(registry.name("box"), blob, 0, ANN)) {
        assertEquals(10, bytes.readAllBytes().length);
      }
    }
    assertEquals(2, asked.size(), asked::toString);
    assertEquals(
        "GET service=reg&scope=repository:box:pull&account=ann " + ANNS + " ", asked.getFirst());
  }

  @Test
  void bearer_withoutCredentials_isAskedForAnonymously() throws IOException {
    Descriptor blob = registry.blob(10);
    List<String> asked = new CopyOnWriteArrayList<>();
    wantsTokens(asked, 99);
    assertEquals(10, read(blob, 0).length);
    assertEquals(List.of("GET service=reg&scope=repository:box:pull null "), asked);
  }

  @Test
  void bearer_identityToken_isExchanged() throws IOException {
    Descriptor blob = registry.blob(10);
    List<String> asked = new CopyOnWriteArrayList<>();
    wantsTokens(asked, 99);
    RegistryAccess access =
        RegistryAccess.DEFAULT.withCredentials(name -> new Credential.IdentityToken("id/1"));
    try (var bytes = client().blob(registry.name("box"), blob, 0, access)) {
      assertEquals(10, bytes.readAllBytes().length);
    }
    assertEquals(
        List.of(
            "POST null null grant_type=refresh_token&refresh_token=id%2F1&client_id=felucca&service=reg&scope=repository%3Abox%3Apull"),
        asked);
  }

  @Test
  void bearer_callersDoNotShareTokens() throws IOException {
    Descriptor blob = registry.blob(10);
    List<String> asked = new CopyOnWriteArrayList<>();
    wantsTokens(asked, 99);
    try (var bytes = client().blob(registry.name("box"), blob, 0, ANN)) {
      assertEquals(10, bytes.readAllBytes().length);
    }
    assertEquals(10, read(blob, 0).length);
    assertEquals(2, asked.size());
    assertTrue(asked.getLast().contains("null"), asked::toString);
  }

  @Test
  void login_isKeptReadableByItsOwnerAloneAndForgotten() throws IOException {
    registry.manifest("1", MediaTypes.OCI_MANIFEST, MANIFEST);
    registry.hook =
        exchange -> {
          boolean known = ANNS.equals(exchange.getRequestHeaders().getFirst("Authorization"));
          if (!known) {
            exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"here\"");
            TestingRegistry.answer(exchange, 401, new byte[0]);
          }
          return !known;
        };
    String host = registry.host();
    assertFails(
        ErrorKind.PERMISSION_DENIED,
        "does not accept",
        () -> client().login(host, new Credential.Basic("ann", "wrong"), RegistryAccess.DEFAULT));
    assertEquals(List.of(), client().registries());
    client().login(host, new Credential.Basic("ann", "secret"), RegistryAccess.DEFAULT);
    assertEquals(List.of(host), client().registries());
    Path file = folder.resolve("own/config.json");
    assertEquals(
        "rw-------",
        java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertEquals(
        MediaTypes.OCI_MANIFEST,
        client().resolve(registry.name("box:1"), RegistryAccess.DEFAULT).mediaType());
    client().logout(host);
    assertNull(client().find(host));
    assertFails(
        ErrorKind.PERMISSION_DENIED,
        "wants credentials",
        () -> client().resolve(registry.name("box:1"), RegistryAccess.DEFAULT));
    assertFails(ErrorKind.NOT_FOUND, "no login", () -> client().logout(host));
  }

  @Test
  void mirrors_areAskedFirstAndToldForWhom() throws IOException {
    Descriptor blob = registry.blob(100);
    try (TestingRegistry broken = new TestingRegistry()) {
      Path hosts = Files.createDirectories(folder.resolve("hosts/example.org"));
      Files.writeString(
          hosts.resolve("hosts.toml"),
          """
          server = "https://example.invalid"
          [host."http://%s"]
            capabilities = ["pull"]
          [host."http://%s/some/path"]
            capabilities = ["pull", "resolve"]
            override_path = true
            [host."http://%s/some/path".header]
              x-team = ["red"]
          """
              .formatted(broken.host(), registry.host(), registry.host()));
      List<String> team = new CopyOnWriteArrayList<>();
      registry.hook =
          exchange -> {
            team.add(exchange.getRequestHeaders().getFirst("X-Team"));
            return false;
          };
      try (var bytes =
          client().blob(ImageReference.parse("example.org/box"), blob, 0, RegistryAccess.DEFAULT)) {
        assertEquals(100, bytes.readAllBytes().length);
      }
      assertEquals(1, broken.log.size());
      assertEquals(
          List.of("GET /some/path/box/blobs/" + blob.digest() + "?ns=example.org"), registry.log);
      assertEquals(List.of("red"), team);
    }
  }

  /** A machine that wants a login, and keeps what it was shown of one. */
  private static TestingRegistry.Hook wantsLogin(
      List<String> shown, String challenge, String wanted) {
    return exchange -> {
      String header = exchange.getRequestHeaders().getFirst("Authorization");
      if (header != null) {
        shown.add(header);
      }
      if (wanted.equals(header)) {
        return false;
      }
      exchange.getResponseHeaders().set("WWW-Authenticate", challenge);
      TestingRegistry.answer(exchange, 401, new byte[0]);
      return true;
    };
  }

  private void mirrored(TestingRegistry mirror) throws IOException {
    Path hosts = Files.createDirectories(folder.resolve("hosts/example.org"));
    Files.writeString(
        hosts.resolve("hosts.toml"),
        """
        server = "http://%s"
        [host."http://%s"]
        """
            .formatted(registry.host(), mirror.host()));
  }

  private int pullFromExample(Descriptor blob, RegistryAccess access) throws IOException {
    try (var bytes = client().blob(ImageReference.parse("example.org/box"), blob, 0, access)) {
      return bytes.readAllBytes().length;
    }
  }

  @Test
  void mirrors_loginOfTheRegistry_isNotShownToThem() throws IOException {
    Descriptor blob = registry.blob(100);
    try (TestingRegistry mirror = new TestingRegistry()) {
      mirrored(mirror);
      List<String> stolen = new CopyOnWriteArrayList<>();
      List<String> shown = new CopyOnWriteArrayList<>();
      registry.hook = wantsLogin(shown, "Basic realm=\"here\"", ANNS);
      Credential ann = new Credential.Basic("ann", "secret");
      client().login("example.org", ann, RegistryAccess.DEFAULT);
      RegistryAccess own =
          RegistryAccess.DEFAULT.withCredentials(name -> name.equals("example.org") ? ann : null);
      for (String challenge :
          List.of(
              "Basic realm=\"give me\"",
              "Bearer realm=\"http://%s/token\"".formatted(mirror.host()))) {
        mirror.hook = wantsLogin(stolen, challenge, "nothing");
        assertEquals(100, pullFromExample(blob, RegistryAccess.DEFAULT));
        assertEquals(100, pullFromExample(blob, own));
      }
      assertTrue(mirror.log.size() >= 4, mirror.log::toString);
      assertEquals(List.of(), stolen);
      assertTrue(shown.contains(ANNS), shown::toString);
    }
  }

  @Test
  void mirrors_loginOfTheirOwn_isShownToThem() throws IOException {
    Descriptor blob = registry.blob(100);
    try (TestingRegistry mirror = new TestingRegistry()) {
      mirrored(mirror);
      mirror.blobs.putAll(registry.blobs);
      mirror.hook = wantsLogin(new CopyOnWriteArrayList<>(), "Basic realm=\"here\"", ANNS);
      client().login(mirror.host(), new Credential.Basic("ann", "secret"), RegistryAccess.DEFAULT);
      assertEquals(100, pullFromExample(blob, RegistryAccess.DEFAULT));
      assertEquals(List.of(), registry.log);
    }
  }

  @Test
  void tls_registryWithoutIt_saysSo() throws Exception {
    try (ServerSocket plain = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> answerPlainly(plain));
      String host = "127.0.0.1:" + plain.getLocalPort();
      Path hosts = Files.createDirectories(folder.resolve("hosts/" + host));
      Files.writeString(hosts.resolve("hosts.toml"), "server = \"https://" + host + "\"");
      assertFails(
          ErrorKind.FAILED_PRECONDITION,
          "does not speak TLS",
          () -> client().resolve(ImageReference.parse(host + "/box"), RegistryAccess.DEFAULT));
    }
  }

  /** As web servers do that do not understand a word. */
  private static void answerPlainly(ServerSocket plain) {
    while (true) {
      try (Socket socket = plain.accept()) {
        assertTrue(socket.getInputStream().read() >= 0);
        socket.getOutputStream().write("HTTP/1.0 400 Bad Request\r\n\r\n".getBytes());
        socket.shutdownOutput();
        socket.getInputStream().readAllBytes();
      } catch (IOException e) {
        if (plain.isClosed()) {
          return;
        }
      }
    }
  }
}
