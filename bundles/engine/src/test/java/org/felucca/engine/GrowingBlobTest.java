package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.content.BlobInfo;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.content.Ingest;
import org.felucca.api.content.IngestStatus;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A blob that is read while it arrives. */
class GrowingBlobTest {
  private static final Scope SCOPE = Scope.of(Namespace.DEFAULT);

  private final byte[] bytes = new byte[1000];
  private final Descriptor descriptor;
  private final GrowingBlob blob;

  GrowingBlobTest() {
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 7);
    }
    descriptor = new Descriptor("layer", Digest.sha256(bytes), bytes.length);
    blob = new GrowingBlob(descriptor);
  }

  /** Holds all bytes; whoever reads more than has arrived sees it. */
  private final class Arriving implements Ingest {
    volatile boolean closed;
    volatile boolean canBeRead = true;

    @Override
    public int read(ByteBuffer into, long offset) {
      if (!canBeRead) {
        return Ingest.super.read(into, offset);
      }
      if (closed) {
        throw EngineException.precondition("closed");
      }
      int count = (int) Math.min(into.remaining(), Math.min(100, bytes.length - offset));
      into.put(bytes, (int) offset, count);
      return count;
    }

    @Override
    public IngestStatus status() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void write(ByteBuffer more) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void truncate(long length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Digest digest() {
      throw new UnsupportedOperationException();
    }

    @Override
    public BlobInfo commit(long size, @Nullable Digest expected) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private ContentService stored() {
    return (ContentService)
        java.lang.reflect.Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {ContentService.class},
            (proxy, method, arguments) -> {
              assertEquals("open", method.getName());
              return reader();
            });
  }

  private BlobReader reader() {
    return (BlobReader)
        java.lang.reflect.Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {BlobReader.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("close")) {
                return null;
              }
              assertEquals("read", method.getName());
              ByteBuffer into = (ByteBuffer) arguments[0];
              int offset = (int) (long) (Long) arguments[1];
              int count = Math.min(into.remaining(), bytes.length - offset);
              into.put(bytes, offset, count);
              return count;
            });
  }

  private CompletableFuture<byte[]> reading() {
    CompletableFuture<byte[]> result = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try (InputStream stream = blob.stream(stored(), SCOPE)) {
                result.complete(stream.readAllBytes());
              } catch (Exception e) {
                result.completeExceptionally(e);
              }
            });
    return result;
  }

  private void assertRead(CompletableFuture<byte[]> read) throws Exception {
    assertArrayEquals(bytes, read.get(60, TimeUnit.SECONDS));
  }

  @Test
  void stream_bytesThatCome_areReadUpToTheLast() throws Exception {
    Arriving ingest = new Arriving();
    CompletableFuture<byte[]> read = reading();
    for (int arrived = 200; arrived <= bytes.length; arrived += 200) {
      blob.arrived(ingest, arrived);
    }
    assertRead(read);
  }

  @Test
  void stream_ingestCommittedMeanwhile_goesOnInTheBlob() throws Exception {
    Arriving ingest = new Arriving();
    blob.arrived(ingest, 300);
    try (InputStream stream = blob.stream(stored(), SCOPE)) {
      assertArrayEquals(Arrays.copyOf(bytes, 100), stream.readNBytes(100));
      ingest.close();
      blob.stored();
      assertArrayEquals(Arrays.copyOfRange(bytes, 100, 1000), stream.readAllBytes());
    }
  }

  @Test
  void stream_storeThatReadsBlobsOnly_waitsForIt() throws Exception {
    Arriving ingest = new Arriving();
    ingest.canBeRead = false;
    blob.arrived(ingest, 1000);
    CompletableFuture<byte[]> read = reading();
    blob.stored();
    assertRead(read);
  }

  @Test
  void failure_isThrownOnEverySide() {
    blob.failed(EngineException.notFound("gone"));
    EngineException thrown = assertThrows(EngineException.class, blob::await);
    assertEquals(ErrorKind.NOT_FOUND, thrown.kind());
    assertThrows(EngineException.class, blob::awaitWorthReading);
    assertThrows(
        EngineException.class, () -> blob.stream(stored(), SCOPE).read(new byte[10], 0, 10));
  }
}
