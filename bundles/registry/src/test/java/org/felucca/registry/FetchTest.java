package org.felucca.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.ImageReference;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.oci.MediaTypes;
import org.junit.jupiter.api.Test;

/** Names, manifests and blobs, of registries that behave and of others. */
class FetchTest extends RegistryTestBase {
  private Descriptor resolve(String rest) {
    return client().resolve(registry.name(rest), RegistryAccess.DEFAULT);
  }

  private byte[] manifest(Descriptor descriptor) {
    return client().manifest(registry.name("box"), descriptor, RegistryAccess.DEFAULT);
  }

  @Test
  void resolve_tag_readsHeadersOnly() {
    Descriptor expected = registry.manifest("1", MediaTypes.OCI_MANIFEST, MANIFEST);
    assertEquals(expected, resolve("box:1"));
    assertEquals(1, registry.log.size(), registry.log::toString);
    assertTrue(registry.log.getFirst().startsWith("HEAD /v2/box/manifests/1"));
  }

  @Test
  void resolve_headersWithoutDigest_readsTheManifest() {
    Descriptor expected = registry.manifest("1", MediaTypes.DOCKER_MANIFEST, MANIFEST);
    registry.hook =
        exchange -> {
          boolean head = exchange.getRequestMethod().equals("HEAD");
          if (head) {
            TestingRegistry.answer(exchange, 200, new byte[0]);
          }
          return head;
        };
    assertEquals(expected, resolve("box:1"));
  }

  @Test
  void resolve_nameAndTagAndDigest_digestCounts() {
    Descriptor expected = registry.manifest("1", MediaTypes.OCI_MANIFEST, MANIFEST);
    registry.manifest("2", MediaTypes.OCI_MANIFEST, MANIFEST + " ");
    assertEquals(expected, resolve("box:2@" + expected.digest()));
  }

  @Test
  void resolve_missing_isNotFoundInTheRegistrysWords() {
    assertFails(ErrorKind.NOT_FOUND, "there is no such thing", () -> resolve("box:nothing"));
  }

  @Test
  void resolve_schema1_isRefused() {
    registry.manifest(
        "old", "application/vnd.docker.distribution.manifest.v1+prettyjws", "{\"fsLayers\":[]}");
    assertFails(ErrorKind.INVALID_ARGUMENT, "schema 1", () -> resolve("box:old"));
  }

  @Test
  void resolve_webPage_isRefused() {
    registry.manifest("page", "text/html", "<html>");
    assertFails(
        ErrorKind.INVALID_ARGUMENT, "neither a manifest nor an index", () -> resolve("box:page"));
  }

  @Test
  void resolve_unknownMachine_saysSo() {
    assertFails(
        ErrorKind.UNAVAILABLE,
        "can't be resolved",
        () ->
            client()
                .resolve(
                    ImageReference.parse("no-such-machine.invalid/box"), RegistryAccess.DEFAULT));
  }

  @Test
  void resolve_nobodyListens_saysSo() {
    ImageReference name = registry.name("box");
    registry.close();
    assertFails(
        ErrorKind.UNAVAILABLE,
        "can't be connected to",
        () -> client().resolve(name, RegistryAccess.DEFAULT));
  }

  @Test
  void manifest_otherBytes_areRefused() {
    Descriptor wanted = registry.manifest("1", MediaTypes.OCI_MANIFEST, MANIFEST);
    registry.manifests.put(wanted.digest().toString(), "{\"forged\":true}".getBytes());
    assertFails(ErrorKind.DATA_LOSS, "has the digest", () -> manifest(wanted));
  }

  @Test
  void manifest_saidToBeHuge_isNotAskedFor() {
    Descriptor huge =
        new Descriptor(MediaTypes.OCI_MANIFEST, Digest.sha256(new byte[0]), 100L << 20);
    assertFails(ErrorKind.RESOURCE_EXHAUSTED, "at most", () -> manifest(huge));
    assertEquals(0, registry.log.size());
  }

  @Test
  void manifest_withoutEnd_isGivenUp() {
    registry.hook =
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", MediaTypes.OCI_MANIFEST);
          exchange.sendResponseHeaders(200, 0);
          byte[] piece = new byte[64 << 10];
          while (true) {
            exchange.getResponseBody().write(piece);
          }
        };
    Descriptor wanted = new Descriptor(MediaTypes.OCI_MANIFEST, Digest.sha256(new byte[0]), 100);
    assertFails(ErrorKind.RESOURCE_EXHAUSTED, "no sound one", () -> manifest(wanted));
  }

  @Test
  void blob_offset_asksForTheRest() throws IOException {
    Descriptor blob = registry.blob(100_000);
    byte[] bytes = registry.blobs.get(blob.digest().toString());
    assertArrayEquals(Arrays.copyOfRange(bytes, 70_000, 100_000), read(blob, 70_000));
    assertTrue(registry.log.getFirst().endsWith("bytes=70000-99999"), registry.log::toString);
    assertEquals(0, read(blob, 100_000).length);
    assertEquals(1, registry.log.size());
  }

  /** Breaks the first answers off behind so many bytes. */
  private void breakOff(int times, int after) {
    AtomicInteger left = new AtomicInteger(times);
    registry.hook =
        exchange -> {
          if (left.getAndDecrement() <= 0) {
            return false;
          }
          byte[] bytes =
              registry.blobs.get(exchange.getRequestURI().getPath().replaceFirst(".*/", ""));
          int from = start(exchange);
          int count = Math.min(after, bytes.length - from);
          if (from > 0) {
            exchange
                .getResponseHeaders()
                .set(
                    "Content-Range",
                    "bytes %d-%d/%d".formatted(from, bytes.length - 1, bytes.length));
          }
          exchange.sendResponseHeaders(from > 0 ? 206 : 200, bytes.length - from);
          exchange.getResponseBody().write(bytes, from, count);
          exchange.getResponseBody().flush();
          return true;
        };
  }

  private static int start(HttpExchange exchange) {
    String range = exchange.getRequestHeaders().getFirst("Range");
    return range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=([0-9]+)-.*", "$1"));
  }

  @Test
  void blob_brokenOff_isResumedWhereItBroke() throws IOException {
    Descriptor blob = registry.blob(1_000_000);
    breakOff(3, 150_000);
    assertArrayEquals(registry.blobs.get(blob.digest().toString()), read(blob, 0));
    assertEquals(4, registry.log.size(), registry.log::toString);
    long resumed = registry.log.stream().filter(line -> line.contains(" bytes=")).count();
    assertEquals(3, resumed, registry.log::toString);
  }

  @Test
  void blob_brokenOffAgainAndAgain_isGivenUp() {
    Descriptor blob = registry.blob(100_000);
    breakOff(Integer.MAX_VALUE, 0);
    assertFails(ErrorKind.UNAVAILABLE, "broke off", () -> read(blob, 0));
  }

  @Test
  void blob_registryWithoutRanges_skipsWhatIsHere() throws IOException {
    Descriptor blob = registry.blob(300_000);
    registry.ranges = false;
    byte[] bytes = registry.blobs.get(blob.digest().toString());
    assertArrayEquals(Arrays.copyOfRange(bytes, 200_000, 300_000), read(blob, 200_000));
  }

  @Test
  void blob_otherLength_isRefused() {
    Descriptor blob = registry.blob(1000);
    Descriptor said = new Descriptor(blob.mediaType(), blob.digest(), 900);
    assertFails(ErrorKind.DATA_LOSS, "its manifest says 900", () -> read(said, 0));
  }

  @Test
  void blob_withoutEnd_isRefused() {
    Descriptor blob = new Descriptor(MediaTypes.OCI_LAYER, Digest.sha256(new byte[0]), 50_000);
    registry.hook =
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          while (true) {
            exchange.getResponseBody().write(new byte[8192]);
          }
        };
    assertFails(ErrorKind.DATA_LOSS, "sends more than the 50000", () -> read(blob, 0));
  }

  @Test
  void blob_wrongRange_isRefused() {
    Descriptor blob = registry.blob(1000);
    registry.hook =
        exchange -> {
          exchange.getResponseHeaders().set("Content-Range", "bytes 0-499/1000");
          TestingRegistry.answer(exchange, 206, new byte[500]);
          return true;
        };
    assertFails(ErrorKind.DATA_LOSS, "bytes 500 to 999", () -> read(blob, 500));
  }

  @Test
  void blob_large_comesInRangesAtOnce() throws Exception {
    Descriptor blob = registry.blob(5 * RangedBlob.RANGE + 77);
    CountDownLatch three = new CountDownLatch(3);
    AtomicInteger seen = new AtomicInteger();
    registry.hook =
        exchange -> {
          // The second to fourth range are answered once all of them were asked for.
          int number = seen.incrementAndGet();
          if (number >= 2 && number <= 4) {
            three.countDown();
            try {
              assertTrue(three.await(60, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }
          return false;
        };
    client(4, Duration.ofSeconds(60));
    assertArrayEquals(registry.blobs.get(blob.digest().toString()), read(blob, 0));
    assertEquals(6, registry.log.size(), registry.log::toString);
  }

  @Test
  void blob_largeOfRegistryWithoutRanges_comesOnce() throws IOException {
    Descriptor blob = registry.blob(3 * RangedBlob.RANGE);
    registry.ranges = false;
    client(4, Duration.ofSeconds(60));
    assertArrayEquals(registry.blobs.get(blob.digest().toString()), read(blob, 0));
    assertEquals(1, registry.log.size(), registry.log::toString);
  }

  @Test
  void blob_silence_isGivenUp() {
    Descriptor blob = registry.blob(100);
    CountDownLatch end = new CountDownLatch(1);
    registry.hook = exchange -> hang(exchange, end);
    client(1, Duration.ofMillis(300));
    assertFails(ErrorKind.UNAVAILABLE, "nothing came", () -> read(blob, 0));
    end.countDown();
  }

  private static boolean hang(HttpExchange exchange, CountDownLatch end) throws IOException {
    exchange.sendResponseHeaders(200, 100);
    exchange.getResponseBody().write(1);
    exchange.getResponseBody().flush();
    try {
      assertTrue(end.await(60, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return true;
  }

  @Test
  void blob_readerInterrupted_endsWithCancelled() throws Exception {
    Descriptor blob = registry.blob(100);
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch first = new CountDownLatch(1);
    registry.hook = exchange -> hang(exchange, end);
    CompletableFuture<EngineException> failure = new CompletableFuture<>();
    Thread reader =
        Thread.ofVirtual()
            .start(
                () -> {
                  try (InputStream bytes =
                      client().blob(registry.name("box"), blob, 0, RegistryAccess.DEFAULT)) {
                    bytes.read();
                    first.countDown();
                    bytes.readAllBytes();
                    failure.completeExceptionally(new AssertionError("it came to its end"));
                  } catch (EngineException e) {
                    failure.complete(e);
                  } catch (IOException e) {
                    failure.completeExceptionally(e);
                  }
                });
    assertTrue(first.await(60, TimeUnit.SECONDS));
    reader.interrupt();
    assertEquals(ErrorKind.CANCELLED, failure.get(60, TimeUnit.SECONDS).kind());
    end.countDown();
  }
}
