package org.felucca.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.ImageReference;
import org.felucca.api.registry.Credentials;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.oci.JsonObject;
import org.felucca.oci.MediaTypes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What goes to registries, and what they list. */
class PushTest extends RegistryTestBase {
  private final List<String> states = new CopyOnWriteArrayList<>();

  private record Bytes(byte[] bytes) implements BlobReader {
    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public int read(ByteBuffer into, long offset) {
      int count = (int) Math.min(into.remaining(), bytes.length - offset);
      if (count <= 0) {
        return -1;
      }
      into.put(bytes, (int) offset, count);
      return count;
    }

    @Override
    public InputStream stream(long offset) {
      return new ByteArrayInputStream(bytes, (int) offset, bytes.length - (int) offset);
    }

    @Override
    public @Nullable FileChannel channel() {
      return null;
    }

    @Override
    public void close() {}
  }

  private byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private void push(byte[] bytes, ImageReference... sources) {
    Descriptor blob = new Descriptor(MediaTypes.OCI_LAYER_GZIP, Digest.sha256(bytes), bytes.length);
    client()
        .pushBlob(
            registry.name("box"),
            blob,
            new Bytes(bytes),
            List.of(sources),
            RegistryAccess.DEFAULT,
            (item, state, done, total) -> {
              if (states.isEmpty() || !states.getLast().equals(state)) {
                states.add(state);
              }
            });
  }

  private void assertPushed(byte[] bytes) {
    assertArrayEquals(bytes, registry.blobs.get(Digest.sha256(bytes).toString()));
  }

  private List<String> methods() {
    return registry.log.stream().map(line -> line.split(" ")[0]).toList();
  }

  @Test
  void pushBlob_small_goesInOneRequest() {
    byte[] bytes = bytes(1000);
    push(bytes);
    assertPushed(bytes);
    assertEquals(List.of("HEAD", "POST", "PUT"), methods());
    assertEquals(List.of("pushing", "pushed"), states);
  }

  @Test
  void pushBlob_empty_isPushed() {
    push(new byte[0]);
    assertPushed(new byte[0]);
  }

  @Test
  void pushBlob_large_isStreamed() {
    byte[] bytes = bytes(9 << 20);
    push(bytes);
    assertPushed(bytes);
    assertEquals(List.of("HEAD", "POST", "PATCH", "PUT"), methods());
  }

  @Test
  void pushBlob_there_isNotSent() {
    byte[] bytes = bytes(1000);
    push(bytes);
    registry.log.clear();
    push(bytes);
    assertEquals(List.of("HEAD"), methods());
    assertEquals("exists", states.getLast());
  }

  @Test
  void pushBlob_inAnotherRepository_isMounted() {
    registry.mounts = true;
    byte[] bytes = bytes(1000);
    push(bytes, registry.name("other"));
    assertEquals(List.of("HEAD", "POST"), methods());
    assertTrue(registry.log.getLast().contains("from=other"), registry.log::toString);
    assertEquals(List.of("mounted"), states);
  }

  @Test
  void pushBlob_mountRefused_isSent() {
    byte[] bytes = bytes(1000);
    push(bytes, registry.name("other"));
    assertPushed(bytes);
    assertEquals(List.of("HEAD", "POST", "PUT"), methods());
  }

  @Test
  void pushBlob_brokenOff_goesOnWhereTheRegistryIs() {
    byte[] bytes = bytes(9 << 20);
    AtomicInteger number = new AtomicInteger();
    registry.hook =
        exchange -> {
          if (!exchange.getRequestMethod().equals("PATCH") || number.getAndIncrement() > 0) {
            return false;
          }
          byte[] part = exchange.getRequestBody().readNBytes(1 << 20);
          registry.sessions.get(exchange.getRequestURI().getPath()).write(part);
          return true; // closed without an answer
        };
    push(bytes);
    assertPushed(bytes);
    assertEquals(List.of("HEAD", "POST", "PATCH", "GET", "PATCH", "PUT"), methods());
  }

  @Test
  void pushBlob_slowerThanSilenceLasts_isSentOnce() {
    byte[] bytes = bytes(5 << 20);
    registry.hook =
        exchange -> {
          if (!exchange.getRequestMethod().equals("PATCH")) {
            return false;
          }
          var session = registry.sessions.get(exchange.getRequestURI().getPath());
          for (int i = 0; i < 6; i++) {
            pause(500);
            session.write(exchange.getRequestBody().readNBytes(1 << 20));
          }
          TestingRegistry.answer(exchange, 202, new byte[0]);
          return true;
        };
    client(1, Duration.ofSeconds(1));
    push(bytes);
    assertPushed(bytes);
    assertEquals(List.of("HEAD", "POST", "PATCH", "PUT"), methods());
  }

  private static void pause(long millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void pushBlob_piecesTooLarge_goesInSmallerOnes() {
    byte[] bytes = bytes(9 << 20);
    registry.hook =
        exchange -> {
          String length = exchange.getRequestHeaders().getFirst("Content-Length");
          boolean tooLarge =
              exchange.getRequestMethod().equals("PATCH") && Long.parseLong(length) > 5 << 20;
          if (tooLarge) {
            TestingRegistry.answer(exchange, 413, new byte[0]);
          }
          return tooLarge;
        };
    push(bytes);
    assertPushed(bytes);
    assertEquals(List.of("HEAD", "POST", "PATCH", "PATCH", "PATCH", "PATCH", "PUT"), methods());
  }

  @Test
  void pushManifest_storedAsAnother_isTold() {
    byte[] bytes = "{}".getBytes();
    Descriptor descriptor =
        new Descriptor(MediaTypes.OCI_MANIFEST, Digest.sha256(bytes), bytes.length);
    client().pushManifest(registry.name("box:1"), descriptor, bytes, RegistryAccess.DEFAULT);
    assertArrayEquals(bytes, registry.manifests.get("1"));
    assertEquals(MediaTypes.OCI_MANIFEST, registry.types.get("1"));
    registry.hook =
        exchange -> {
          exchange
              .getResponseHeaders()
              .set("Docker-Content-Digest", Digest.sha256(new byte[1]).toString());
          TestingRegistry.answer(exchange, 201, new byte[0]);
          return true;
        };
    assertFails(
        ErrorKind.DATA_LOSS,
        "has stored it as",
        () ->
            client()
                .pushManifest(registry.name("box:1"), descriptor, bytes, RegistryAccess.DEFAULT));
  }

  private void pages(String path, String member, List<String> pages, boolean circle) {
    registry.hook =
        exchange -> {
          if (!exchange.getRequestURI().getPath().equals(path)) {
            return false;
          }
          String query = exchange.getRequestURI().getQuery();
          int page = query == null ? 0 : Integer.parseInt(query.replaceFirst(".*=", ""));
          int next = circle ? (page + 1) % pages.size() : page + 1;
          if (next < pages.size()) {
            exchange
                .getResponseHeaders()
                .set("Link", "<%s?page=%d>; rel=\"next\"".formatted(path, next));
          }
          TestingRegistry.json(
              exchange, "{\"name\":\"box\",\"%s\":%s}".formatted(member, pages.get(page)));
          return true;
        };
  }

  @Test
  void tags_pages_areJoined() {
    pages("/v2/box/tags/list", "tags", List.of("[\"1\",\"2\"]", "[\"3\"]", "null"), false);
    assertEquals(
        List.of("1", "2", "3"), client().tags(registry.name("box"), RegistryAccess.DEFAULT));
  }

  @Test
  void tags_pagesInACircle_areLeft() {
    pages("/v2/box/tags/list", "tags", List.of("[\"1\"]", "[\"2\"]"), true);
    assertFails(
        ErrorKind.INVALID_ARGUMENT,
        "in circles",
        () -> client().tags(registry.name("box"), RegistryAccess.DEFAULT));
  }

  @Test
  void tags_pagesWithoutEnd_areGivenUp() {
    registry.hook =
        exchange -> {
          exchange
              .getResponseHeaders()
              .set("Link", "</v2/box/tags/list?n=%d>; rel=\"next\"".formatted(registry.log.size()));
          TestingRegistry.json(exchange, "{\"tags\":[\"%s\"]}".formatted("x".repeat(87)));
          return true;
        };
    try (HttpClients clients = new HttpClients(new Proxies(Map.of()))) {
      Wire wire =
          new Wire(
              clients,
              new Authorizer(Credentials.NONE),
              new Pauses(1, Duration.ofMillis(4)),
              Duration.ofSeconds(30));
      Host host =
          new HostsFiles(List.of()).hosts(registry.host(), RegistryAccess.DEFAULT).getFirst();
      List<JsonObject> pages = new ArrayList<>();
      assertFails(
          ErrorKind.RESOURCE_EXHAUSTED,
          "more than 250 bytes in all",
          () ->
              new Listings(wire, 250)
                  .read(host, "box/tags/list", "", RegistryAccess.DEFAULT, "list", pages::add));
      assertEquals(2, pages.size());
      assertEquals(3, registry.log.size());
    }
  }

  @Test
  void repositories_pages_areJoined() {
    pages("/v2/_catalog", "repositories", List.of("[\"a\"]", "[\"b/c\"]"), false);
    assertEquals(
        List.of("a", "b/c"), client().repositories(registry.host(), RegistryAccess.DEFAULT));
  }

  private static String index(Descriptor child) {
    return """
    {"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"%s","size":%d,"artifactType":"a/b"}]}\
    """
        .formatted(MediaTypes.OCI_INDEX, child.mediaType(), child.digest(), child.size());
  }

  @Test
  void referrers_listedOrByTag_areFound() {
    Descriptor subject = registry.manifest("1", MediaTypes.OCI_MANIFEST, MANIFEST);
    Descriptor child = registry.manifest("sig", MediaTypes.OCI_MANIFEST, MANIFEST + " ");
    List<Descriptor> none =
        client().referrers(registry.name("box"), subject.digest(), null, RegistryAccess.DEFAULT);
    assertEquals(List.of(), none);
    registry.manifest("sha256-" + subject.digest().hex(), MediaTypes.OCI_INDEX, index(child));
    List<Descriptor> byTag =
        client().referrers(registry.name("box"), subject.digest(), "a/b", RegistryAccess.DEFAULT);
    assertEquals(List.of(child.digest()), byTag.stream().map(Descriptor::digest).toList());
    registry.manifests.clear();
    registry.hook =
        exchange -> {
          TestingRegistry.json(exchange, index(child));
          return true;
        };
    List<Descriptor> listed =
        client().referrers(registry.name("box"), subject.digest(), "a/b", RegistryAccess.DEFAULT);
    assertEquals(byTag, listed);
    assertEquals(
        List.of(),
        client().referrers(registry.name("box"), subject.digest(), "c/d", RegistryAccess.DEFAULT));
  }

  @Test
  void delete_manifest_isGoneOrNotFound() {
    Descriptor one = registry.manifest("1", MediaTypes.OCI_MANIFEST, MANIFEST);
    ImageReference name = registry.name("box@" + one.digest());
    client().delete(name, RegistryAccess.DEFAULT);
    assertFails(ErrorKind.NOT_FOUND, "delete", () -> client().delete(name, RegistryAccess.DEFAULT));
  }

  @Test
  void delete_registryThatDeletesNothing_saysSo() {
    registry.hook =
        exchange -> {
          TestingRegistry.answer(exchange, 405, TestingRegistry.error("UNSUPPORTED", "no"));
          return true;
        };
    assertFails(
        ErrorKind.UNIMPLEMENTED,
        "does not do this",
        () -> client().delete(registry.name("box:1"), RegistryAccess.DEFAULT));
  }
}
