package org.felucca.contracts;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.BlobInfo;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.BlobStore;
import org.felucca.api.content.Digest;
import org.felucca.api.content.Ingest;
import org.felucca.api.content.IngestStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every {@link BlobStore} must do. An implementation's test extends this class and says how
 * its store is opened and closed; the same folder is opened again to see what lasts.
 */
public abstract class BlobStoreContract {

  /** Where the store under test keeps its files. */
  @TempDir protected Path folder;

  /** The store under test. */
  protected BlobStore store;

  /**
   * Opens a store.
   *
   * @param top an empty folder, or one that a store opened here before has filled
   */
  protected abstract BlobStore open(Path top);

  /** Closes a store that {@link #open} answered. */
  protected abstract void close(BlobStore opened);

  @BeforeEach
  void openStore() {
    store = open(folder);
  }

  @AfterEach
  void closeStore() {
    close(store);
  }

  /** Closes the store and opens it again on the same folder. */
  protected final void reopen() {
    close(store);
    store = open(folder);
  }

  /** Fails unless the call throws this kind with a message that says something. */
  protected static void assertFails(ErrorKind kind, Executable call) {
    EngineException failure = assertThrows(EngineException.class, call);
    assertEquals(kind, failure.kind(), failure.getMessage());
    assertTrue(String.valueOf(failure.getMessage()).length() > 10, "a message that says nothing");
  }

  /** Bytes that no other seed gives. */
  protected static byte[] bytes(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Stores bytes under a reference of their own. */
  protected final Digest stored(byte[] bytes) {
    Digest digest = Digest.sha256(bytes);
    try (Ingest ingest = store.ingest("stored-" + digest, bytes.length, digest)) {
      ingest.write(ByteBuffer.wrap(bytes));
      ingest.commit(bytes.length, digest);
    }
    return digest;
  }

  /** All bytes of a blob. */
  protected final byte[] content(Digest digest) throws IOException {
    try (BlobReader reader = store.open(digest);
        InputStream in = reader.stream(0)) {
      return in.readAllBytes();
    }
  }

  private IngestStatus only() {
    List<IngestStatus> all = store.ingests();
    assertEquals(1, all.size(), () -> "ingests: " + all);
    return all.getFirst();
  }

  @Test
  void commit_ofWhatWasWritten_isReadBack() throws IOException {
    byte[] bytes = bytes(3_000_000, 1);
    Digest digest = Digest.sha256(bytes);
    BlobInfo blob;
    try (Ingest ingest = store.ingest("layer", bytes.length, digest)) {
      for (int at = 0; at < bytes.length; at += 100_000) {
        ingest.write(ByteBuffer.wrap(bytes, at, 100_000));
      }
      assertEquals(bytes.length, ingest.status().offset());
      blob = ingest.commit(bytes.length, digest);
    }
    assertEquals(digest, blob.digest());
    assertEquals(bytes.length, blob.size());
    assertEquals(blob, store.stat(digest));
    assertArrayEquals(bytes, content(digest));
    assertEquals(List.of(), store.ingests());
  }

  @Test
  void commit_ofNothing_isTheEmptyBlob() throws IOException {
    Digest empty = Digest.sha256(new byte[0]);
    try (Ingest ingest = store.ingest("empty", 0, null)) {
      assertEquals(empty, ingest.commit(0, null).digest());
    }
    assertEquals(0, content(empty).length);
  }

  @Test
  void commit_withSha512_isNamedByIt() throws IOException {
    byte[] bytes = bytes(70_000, 2);
    Digest digest =
        Digest.of(
            Digest.Algorithm.SHA512, Digest.Algorithm.SHA512.newMessageDigest().digest(bytes));
    try (Ingest ingest = store.ingest("a", 0, digest)) {
      ingest.write(ByteBuffer.wrap(bytes));
      assertEquals(digest, ingest.digest());
      ingest.commit(0, null);
    }
    assertArrayEquals(bytes, content(digest));
    try (Ingest ingest = store.ingest("b", 0, null)) {
      ingest.write(ByteBuffer.wrap(bytes));
      assertFails(ErrorKind.ALREADY_EXISTS, () -> ingest.commit(0, digest));
    }
    assertFails(ErrorKind.NOT_FOUND, () -> store.stat(Digest.sha256(bytes)));
  }

  @Test
  void commit_ofAnotherSize_keepsTheIngest() {
    byte[] bytes = bytes(1000, 3);
    try (Ingest ingest = store.ingest("short", 2000, null)) {
      ingest.write(ByteBuffer.wrap(bytes));
      assertFails(ErrorKind.FAILED_PRECONDITION, () -> ingest.commit(2000, null));
      assertEquals(1000, ingest.status().offset());
      assertEquals(Digest.sha256(bytes), ingest.commit(1000, null).digest());
    }
  }

  @Test
  void commit_ofAnotherDigest_keepsTheIngestAndStoresNothing() {
    Digest wanted = Digest.sha256(bytes(10, 4));
    try (Ingest ingest = store.ingest("wrong", 0, wanted)) {
      ingest.write(ByteBuffer.wrap(bytes(10, 5)));
      assertFails(ErrorKind.FAILED_PRECONDITION, () -> ingest.commit(10, wanted));
      assertFails(ErrorKind.FAILED_PRECONDITION, () -> ingest.commit(10, null));
    }
    assertFails(ErrorKind.NOT_FOUND, () -> store.stat(wanted));
    assertEquals(10, only().offset());
    List<BlobInfo> blobs = new ArrayList<>();
    store.walk(blobs::add);
    assertEquals(List.of(), blobs);
  }

  @Test
  void commit_ofAStoredBlob_isRefusedAndTheIngestGone() throws IOException {
    byte[] bytes = bytes(1000, 6);
    Digest digest = stored(bytes);
    try (Ingest ingest = store.ingest("again", 0, null)) {
      ingest.write(ByteBuffer.wrap(bytes));
      assertFails(ErrorKind.ALREADY_EXISTS, () -> ingest.commit(1000, digest));
    }
    assertEquals(List.of(), store.ingests());
    assertArrayEquals(bytes, content(digest));
  }

  @Test
  void commit_ofOneBlobByMany_succeedsOnce() throws Exception {
    byte[] bytes = bytes(200_000, 7);
    List<Future<Boolean>> results = new ArrayList<>();
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 8; i++) {
        String ref = "racer " + i;
        results.add(
            pool.submit(
                () -> {
                  try (Ingest ingest = store.ingest(ref, 0, null)) {
                    ingest.write(ByteBuffer.wrap(bytes));
                    ingest.commit(0, null);
                    return true;
                  } catch (EngineException e) {
                    assertEquals(ErrorKind.ALREADY_EXISTS, e.kind());
                    return false;
                  }
                }));
      }
    }
    int successes = 0;
    for (Future<Boolean> result : results) {
      successes += result.get() ? 1 : 0;
    }
    assertEquals(1, successes);
    assertArrayEquals(bytes, content(Digest.sha256(bytes)));
    assertEquals(List.of(), store.ingests());
  }

  @Test
  void commit_lasts() throws IOException {
    byte[] bytes = bytes(5000, 8);
    Digest digest = stored(bytes);
    BlobInfo before = store.stat(digest);
    reopen();
    assertEquals(before, store.stat(digest));
    assertArrayEquals(bytes, content(digest));
  }

  @Test
  void ingest_closedWithoutCommit_isResumed() throws IOException {
    byte[] bytes = bytes(500_000, 9);
    Digest digest = Digest.sha256(bytes);
    try (Ingest ingest = store.ingest("slow", bytes.length, digest)) {
      ingest.write(ByteBuffer.wrap(bytes, 0, 300_001));
    }
    IngestStatus kept = only();
    assertEquals("slow", kept.ref());
    assertEquals(300_001, kept.offset());
    assertEquals(bytes.length, kept.total());
    assertEquals(digest, kept.expected());
    reopen();
    assertEquals(kept, only());
    try (Ingest ingest = store.ingest("slow", 0, null)) {
      assertEquals(300_001, ingest.status().offset());
      assertEquals(kept.startedAt(), ingest.status().startedAt());
      ingest.write(ByteBuffer.wrap(bytes, 300_001, bytes.length - 300_001));
      ingest.commit(bytes.length, null);
    }
    assertArrayEquals(bytes, content(digest));
  }

  @Test
  void ingest_openElsewhere_isRefused() {
    try (Ingest first = store.ingest("one", 0, null)) {
      assertFails(ErrorKind.UNAVAILABLE, () -> store.ingest("one", 0, null));
      first.write(ByteBuffer.wrap(bytes(10, 10)));
    }
    try (Ingest second = store.ingest("one", 0, null)) {
      assertEquals(10, second.status().offset());
    }
  }

  @Test
  void ingest_ofAStoredDigest_isRefused() {
    Digest digest = stored(bytes(10, 11));
    assertFails(ErrorKind.ALREADY_EXISTS, () -> store.ingest("known", 0, digest));
    assertEquals(List.of(), store.ingests());
  }

  @Test
  void ingest_ofAnyReference_staysInItsFolder() {
    List<String> refs =
        List.of(
            "../../escape", "/etc/passwd", "a/b", ".", "..", "\n", "x".repeat(4096), "größe 🐳");
    for (String ref : refs) {
      try (Ingest ingest = store.ingest(ref, 0, null)) {
        ingest.write(ByteBuffer.wrap(ref.getBytes(UTF_8)));
      }
    }
    reopen();
    assertEquals(
        refs.stream().sorted().toList(),
        store.ingests().stream().map(IngestStatus::ref).sorted().toList());
    for (String ref : refs) {
      try (Ingest ingest = store.ingest(ref, 0, null)) {
        ingest.commit(0, Digest.sha256(ref.getBytes(UTF_8)));
      }
    }
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> store.ingest("", 0, null));
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> store.ingest("x".repeat(4097), 0, null));
  }

  @Test
  void truncate_cutsWhatIsThere() throws IOException {
    byte[] bytes = bytes(1000, 12);
    try (Ingest ingest = store.ingest("cut", 0, null)) {
      ingest.write(ByteBuffer.wrap(bytes(1500, 13)));
      assertFails(ErrorKind.OUT_OF_RANGE, () -> ingest.truncate(1501));
      ingest.truncate(0);
      assertEquals(0, ingest.status().offset());
      ingest.write(ByteBuffer.wrap(bytes));
      ingest.write(ByteBuffer.wrap(bytes));
      ingest.truncate(1000);
      assertEquals(Digest.sha256(bytes), ingest.digest());
      ingest.commit(1000, Digest.sha256(bytes));
    }
    assertArrayEquals(bytes, content(Digest.sha256(bytes)));
  }

  @Test
  void abort_ofAnOpenIngest_failsItsOwner() {
    assertFails(ErrorKind.NOT_FOUND, () -> store.abort("gone"));
    try (Ingest ingest = store.ingest("gone", 0, null)) {
      ingest.write(ByteBuffer.wrap(bytes(10, 14)));
      store.abort("gone");
      assertFails(ErrorKind.CANCELLED, () -> ingest.write(ByteBuffer.wrap(bytes(10, 15))));
      assertFails(ErrorKind.CANCELLED, () -> ingest.commit(0, null));
    }
    assertEquals(List.of(), store.ingests());
    try (Ingest ingest = store.ingest("gone", 0, null)) {
      assertEquals(0, ingest.status().offset());
    }
  }

  @Test
  void abort_ofAClosedIngest_deletesIt() {
    store.ingest("left", 0, null).close();
    store.abort("left");
    assertEquals(List.of(), store.ingests());
    assertFails(ErrorKind.NOT_FOUND, () -> store.abort("left"));
  }

  @Test
  void delete_leavesOpenReaders() throws IOException {
    byte[] bytes = bytes(1_000_000, 16);
    Digest digest = stored(bytes);
    try (BlobReader reader = store.open(digest)) {
      store.delete(digest);
      assertFails(ErrorKind.NOT_FOUND, () -> store.stat(digest));
      assertFails(ErrorKind.NOT_FOUND, () -> store.open(digest));
      assertFails(ErrorKind.NOT_FOUND, () -> store.delete(digest));
      assertArrayEquals(bytes, reader.stream(0).readAllBytes());
    }
    assertEquals(digest, stored(bytes));
  }

  @Test
  void read_atOffsets() throws IOException {
    byte[] bytes = bytes(700_000, 17);
    Digest digest = stored(bytes);
    try (BlobReader reader = store.open(digest)) {
      assertEquals(bytes.length, reader.size());
      ByteBuffer last = ByteBuffer.allocate(10);
      int count = 0;
      while (last.hasRemaining()
          && (count = reader.read(last, bytes.length - 4 + last.position())) > 0) {}
      assertEquals(-1, count);
      assertEquals(4, last.position());
      assertEquals(-1, reader.read(ByteBuffer.allocate(1), bytes.length + 100L));
      byte[] rest = reader.stream(600_000).readAllBytes();
      assertArrayEquals(java.util.Arrays.copyOfRange(bytes, 600_000, bytes.length), rest);
      assertEquals(-1, reader.stream(bytes.length).read());
      InputStream skipping = reader.stream(0);
      skipping.skipNBytes(300_000);
      assertEquals(bytes[300_000] & 0xff, skipping.read());
    }
  }

  @Test
  void reader_ofAStreamThatWasClosed_goesOn_andItsFileIsTheBlob() throws IOException {
    byte[] bytes = bytes(200_000, 21);
    Digest digest = stored(bytes);
    try (BlobReader reader = store.open(digest)) {
      reader.stream(10).close();
      assertArrayEquals(bytes, reader.stream(0).readAllBytes());
      FileChannel channel = reader.channel();
      if (channel != null) {
        ByteBuffer all = ByteBuffer.allocate(bytes.length);
        while (all.hasRemaining() && channel.read(all, all.position()) > 0) {}
        assertArrayEquals(bytes, all.array());
        assertEquals(bytes.length, channel.size());
      }
    }
  }

  @Test
  void ingests_tellWhatIsWanted() {
    Digest expected = Digest.sha256(bytes(50, 22));
    try (Ingest ingest = store.ingest("wanted", 50, expected)) {
      ingest.write(ByteBuffer.wrap(bytes(50, 22), 0, 20));
      for (IngestStatus status : List.of(only(), ingest.status())) {
        assertEquals("wanted", status.ref());
        assertEquals(20, status.offset());
        assertEquals(50, status.total());
        assertEquals(expected, status.expected());
      }
    }
    assertEquals(20, only().offset());
  }

  @Test
  void read_byManyAtOnce() throws Exception {
    byte[] bytes = bytes(900_000, 18);
    Digest digest = stored(bytes);
    List<Future<Digest>> all = new ArrayList<>();
    try (BlobReader reader = store.open(digest)) {
      try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < 8; i++) {
          all.add(pool.submit(() -> Digest.sha256(reader.stream(0).readAllBytes())));
        }
      }
    }
    for (Future<Digest> one : all) {
      assertEquals(digest, one.get());
    }
  }

  @Test
  void walk_visitsEveryBlobOnce() {
    List<Digest> stored = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      stored.add(stored(bytes(100 + i, 100 + i)));
    }
    List<BlobInfo> found = new ArrayList<>();
    store.walk(found::add);
    assertEquals(
        stored.stream().sorted().toList(), found.stream().map(BlobInfo::digest).sorted().toList());
    for (BlobInfo blob : found) {
      assertEquals(store.stat(blob.digest()), blob);
    }
  }

  @Test
  void call_ofAnInterruptedThread_isCancelled() {
    try (Ingest ingest = store.ingest("interrupted", 0, null)) {
      ingest.write(ByteBuffer.wrap(bytes(10, 19)));
      Thread.currentThread().interrupt();
      assertFails(ErrorKind.CANCELLED, () -> ingest.write(ByteBuffer.wrap(bytes(10, 20))));
      assertTrue(Thread.interrupted(), "the interrupt stays pending");
      assertEquals(10, ingest.status().offset());
      ingest.commit(10, Digest.sha256(bytes(10, 19)));
    }
  }
}
