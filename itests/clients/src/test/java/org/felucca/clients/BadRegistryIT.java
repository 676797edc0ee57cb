package org.felucca.clients;

import static org.felucca.clients.TestImage.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Registries that fail and deceive: an error says what to do, nothing half-written stays, what came
 * is gone on with, and other pulls are not disturbed.
 */
class BadRegistryIT {
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String INDEX = "application/vnd.oci.image.index.v1+json";

  private static TestEngine engine;
  private static DockerRegistry registry;
  private static FaultProxy proxy;
  private static String image;
  private static String small;

  @BeforeAll
  static void start() {
    engine = TestEngine.prepare();
    engine.startEngine();
    registry = DockerRegistry.plain(engine.base().resolve("registry"));
    // Two layers that compress badly, so that there is something to break off.
    TestImage made = TestImage.busybox();
    for (int seed = 1; seed <= 2; seed++) {
      StringBuilder noise = new StringBuilder();
      new Random(seed).ints(400_000, 32, 127).forEach(c -> noise.append((char) c));
      made.layer(file("noise" + seed, noise.toString()));
    }
    registry.add(made.write(engine.base().resolve("layout"), "1"), "team/box:1");
    registry.add(
        new TestImage().layer(file("here", "1")).write(engine.base().resolve("tiny"), "1"),
        "team/tiny:1");
    registry.add(
        new TestImage()
            .layer(file("lie", "1"))
            .wrongDiffId()
            .write(engine.base().resolve("lie"), "1"),
        "team/lie:1");
    proxy = new FaultProxy(registry.host());
    image = proxy.host() + "/team/box:1";
    small = proxy.host() + "/team/tiny:1";
  }

  @AfterAll
  static void stop() {
    proxy.close();
    registry.close();
    engine.close();
  }

  @AfterEach
  void nothingHalfDone() {
    proxy.behave();
    engine.removeContainers();
    for (String name : List.of(image, small)) {
      felucca("image", "rm", name).gone();
    }
    felucca("images", "-q").prints("");
    String active = felucca("snapshot", "ls").ok().out();
    assertTrue(!active.contains("extract-"), active);
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static void runs() {
    felucca("run", "--rm", "--pull", "never", image, "stat", "-c", "%s", "/noise2")
        .prints("400000\n");
  }

  private static boolean isBlob(HttpExchange exchange) {
    return exchange.getRequestMethod().equals("GET")
        && FaultProxy.isBlob(exchange.getRequestURI().toString());
  }

  /** Cuts each of the first answers off in the middle. */
  private static FaultProxy.Fault cuts(int times) {
    AtomicInteger left = new AtomicInteger(times);
    return (exchange, through) -> {
      if (!isBlob(exchange)) {
        return false;
      }
      HttpResponse<byte[]> answer = through.ask(exchange);
      if (answer.body().length < 10_000 || left.getAndDecrement() <= 0) {
        FaultProxy.headers(exchange, answer);
        FaultProxy.send(exchange, answer.statusCode(), answer.body());
        return true;
      }
      FaultProxy.headers(exchange, answer);
      exchange.sendResponseHeaders(answer.statusCode(), answer.body().length);
      exchange.getResponseBody().write(answer.body(), 0, answer.body().length / 2);
      exchange.getResponseBody().flush();
      return true;
    };
  }

  @Test
  void pull_cutConnections_goesOnWhereTheyBroke() {
    proxy.spoil(cuts(3));
    felucca("pull", "-q", image).ok();
    List<String> ranges = proxy.blobs().stream().filter(line -> line.contains(" bytes=")).toList();
    assertEquals(3, ranges.size(), proxy.log::toString);
    runs();
    proxy.behave();
    felucca("pull", "-q", image).ok();
    assertEquals(List.of(), proxy.blobs());
  }

  @Test
  void pull_corruptBytes_areRefusedAndFetchedAnew() {
    proxy.spoil(
        (exchange, through) -> {
          if (!isBlob(exchange)) {
            return false;
          }
          HttpResponse<byte[]> answer = through.ask(exchange);
          byte[] bytes = answer.body();
          bytes[bytes.length - 1] ^= 1;
          FaultProxy.headers(exchange, answer);
          FaultProxy.send(exchange, answer.statusCode(), bytes);
          return true;
        });
    felucca("pull", image).refused("is not what its digest says", "try again");
    proxy.behave();
    felucca("pull", "-q", image).ok();
    runs();
  }

  @Test
  void pull_tooManyRequestsAndFailures_areWaitedOut() {
    AtomicInteger number = new AtomicInteger();
    proxy.spoil(
        (exchange, through) -> {
          int turn = number.getAndIncrement() % 3;
          if (turn == 2) {
            return false;
          }
          exchange.getResponseHeaders().set("Retry-After", "0");
          FaultProxy.send(exchange, turn == 0 ? 429 : 500, "text/plain", "busy");
          return true;
        });
    felucca("pull", "-q", small).ok();
  }

  @Test
  void pull_redirectsWithoutEnd_areLeft() {
    proxy.spoil(
        (exchange, through) -> {
          exchange.getResponseHeaders().set("Location", exchange.getRequestURI() + "x");
          FaultProxy.send(exchange, 307, "text/plain", "further");
          return true;
        });
    felucca("pull", small).refused("in circles");
  }

  @Test
  void pull_lyingDocuments_areRefused() {
    String digest = "sha256:" + "0".repeat(64);
    String child =
        "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}".formatted(INDEX, digest, 9);
    String circle =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}".formatted(INDEX, child);
    document(INDEX, circle, "has the digest");
    document(MANIFEST, circle, "is handed out as");
    document(
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "{\"schemaVersion\":1,\"fsLayers\":[]}",
        "schema 1",
        "push it again");
    document("text/html", "<html>", "neither a manifest nor an index");
    document(MANIFEST, "{", "is not valid JSON");
  }

  /** Whatever is asked, this is the answer. */
  private static void document(String mediaType, String text, String... words) {
    proxy.spoil(
        (exchange, through) -> {
          exchange
              .getResponseHeaders()
              .set(
                  "Docker-Content-Digest",
                  TestImage.digest(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
          exchange.getResponseHeaders().set("Content-Type", mediaType);
          if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", Integer.toString(text.length()));
          }
          FaultProxy.send(exchange, 200, text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
          return true;
        });
    felucca("pull", small).refused(words);
  }

  @Test
  void pull_manifestWithoutEnd_isLeft() {
    proxy.spoil(
        (exchange, through) -> {
          exchange.getResponseHeaders().set("Content-Type", MANIFEST);
          if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", "100");
            exchange
                .getResponseHeaders()
                .set("Docker-Content-Digest", TestImage.digest(new byte[0]));
            exchange.sendResponseHeaders(200, -1);
            return true;
          }
          exchange.sendResponseHeaders(200, 0);
          while (true) {
            exchange.getResponseBody().write(new byte[65_536]);
          }
        });
    felucca("pull", small).refused("which no sound one has");
  }

  @Test
  void pull_layerWithoutEndOrTooShort_isLeft() {
    proxy.spoil(
        (exchange, through) -> {
          if (!isBlob(exchange)) {
            return false;
          }
          exchange.sendResponseHeaders(200, 0);
          while (true) {
            exchange.getResponseBody().write(new byte[8192]);
          }
        });
    felucca("pull", small).refused("sends more than the");
    proxy.spoil(
        (exchange, through) -> {
          if (!isBlob(exchange)) {
            return false;
          }
          HttpResponse<byte[]> answer = through.ask(exchange);
          FaultProxy.send(exchange, 200, Arrays.copyOf(answer.body(), answer.body().length - 1));
          return true;
        });
    felucca("pull", small).refused("its manifest says");
  }

  @Test
  void pull_layerThatIsNotWhatTheConfigSays_isRefused() {
    felucca("pull", proxy.host() + "/team/lie:1").refused("the image config says");
  }

  @Test
  void pull_unauthorizedOrMissing_saysWhatToDo() {
    felucca("pull", proxy.host() + "/team/nothing:1").refused("does not have it", "check name");
    proxy.spoil(
        (exchange, through) -> {
          exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"x\"");
          FaultProxy.send(exchange, 401, "text/plain", "");
          return true;
        });
    felucca("pull", small).refused("felucca login " + proxy.host());
    felucca("pull", "no-such-machine.invalid/box").refused("can't be resolved");
  }

  @Test
  void pull_bearerTokens_areFetchedAndUsed() {
    AtomicInteger tokens = new AtomicInteger();
    proxy.spoil(
        (exchange, through) -> {
          if (exchange.getRequestURI().getPath().equals("/token")) {
            tokens.incrementAndGet();
            FaultProxy.send(exchange, 200, "application/json", "{\"token\":\"good\"}");
            return true;
          }
          if ("Bearer good".equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            return false;
          }
          exchange
              .getResponseHeaders()
              .set(
                  "WWW-Authenticate",
                  "Bearer realm=\"http://%s/token\",service=\"test\"".formatted(proxy.host()));
          FaultProxy.send(exchange, 401, "application/json", "{}");
          return true;
        });
    felucca("pull", "-q", image).ok();
    assertEquals(1, tokens.get());
    runs();
  }

  @Test
  void pull_severalAtOnce_fetchEachBlobOnce() {
    List<Running> pulls = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      pulls.add(engine.inBackground("pull", "-q", image));
    }
    pulls.forEach(pull -> assertEquals(0, pull.await().status(), pull.now()::toString));
    assertEquals(4, proxy.blobs().size(), proxy.log::toString);
    runs();
  }

  /** Lets the first half of each layer through, then waits. */
  private static FaultProxy.Fault stalls(CountDownLatch end) {
    return (exchange, through) -> {
      if (!isBlob(exchange)) {
        return false;
      }
      HttpResponse<byte[]> answer = through.ask(exchange);
      if (answer.body().length < 10_000) {
        FaultProxy.headers(exchange, answer);
        FaultProxy.send(exchange, answer.statusCode(), answer.body());
        return true;
      }
      exchange.sendResponseHeaders(200, answer.body().length);
      exchange.getResponseBody().write(answer.body(), 0, answer.body().length / 2);
      exchange.getResponseBody().flush();
      try {
        assertTrue(end.await(120, TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      return true;
    };
  }

  private static void awaitBytesOfEveryLayer() {
    Path content = engine.root().resolve("content");
    Commands.await(
        "bytes of every layer have come",
        () ->
            Commands.run(
                        engine.base(),
                        List.of("find", content.toString(), "-name", "data", "-size", "+40k"))
                    .out()
                    .lines()
                    .count()
                >= 3);
  }

  @Test
  void pull_cancelled_stopsSoonAndTheNextGoesOn() {
    CountDownLatch end = new CountDownLatch(1);
    proxy.spoil(stalls(end));
    try {
      Running stalled = engine.inBackground("pull", image);
      awaitBytesOfEveryLayer();
      // Another pull is not disturbed by it.
      proxy.behave();
      felucca("pull", "-q", small).ok();
      long begun = System.nanoTime();
      stalled.signal("INT");
      Result cancelled = stalled.await();
      long took = System.nanoTime() - begun;
      assertTrue(cancelled.status() != 0, cancelled::toString);
      assertTrue(took < TimeUnit.SECONDS.toNanos(20), "it took ms " + took / 1_000_000);
    } finally {
      end.countDown();
    }
    proxy.behave();
    felucca("pull", "-q", image).ok();
    List<String> ranges = proxy.blobs().stream().filter(line -> line.contains(" bytes=")).toList();
    assertEquals(3, ranges.size(), proxy.log::toString);
    runs();
  }

  @Test
  void pull_engineKilled_theNextGoesOn() {
    CountDownLatch end = new CountDownLatch(1);
    proxy.spoil(stalls(end));
    try {
      Running stalled = engine.inBackground("pull", image);
      awaitBytesOfEveryLayer();
      engine.kill();
      stalled.end();
    } finally {
      end.countDown();
    }
    engine.startEngine();
    proxy.behave();
    felucca("pull", "-q", image).ok();
    runs();
  }

  @Test
  void verifier_requiredAndMissing_refuses() throws IOException {
    Path config = engine.etc().resolve("org.felucca.engine.cfg");
    String before = java.nio.file.Files.readString(config);
    java.nio.file.Files.writeString(config, before + "\nimage_verifiers = cosign\n");
    try {
      Commands.await(
          "the verifier is asked for",
          () -> engine.felucca("pull", small).err().contains("verifier cosign"));
      felucca("pull", small).refused("verifier cosign does not accept", "can't judge");
    } finally {
      java.nio.file.Files.writeString(config, before);
    }
    Commands.await(
        "the verifier is not asked for any more",
        () -> engine.felucca("pull", "-q", small).status() == 0);
  }
}
