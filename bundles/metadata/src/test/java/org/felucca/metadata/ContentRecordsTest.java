package org.felucca.metadata;

import static org.felucca.metadata.Stores.OTHER;
import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.assertFails;
import static org.felucca.metadata.Stores.digest;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.ContentInfo;
import org.felucca.api.content.Digest;
import org.felucca.api.content.IngestStatus;
import org.felucca.api.content.LabelledIngest;
import org.felucca.api.event.Event;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContentRecordsTest {

  @TempDir Path folder;
  private Stores stores;

  @BeforeEach
  void open() {
    stores = new Stores(folder);
  }

  @AfterEach
  void close() {
    stores.close();
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes());
  }

  @Test
  void ingest_becomesABlobWithLabels() {
    ContentInfo info;
    try (LabelledIngest ingest = stores.content.ingest(SCOPE, "ref", 5, digest("hello"))) {
      ingest.write(bytes("hel"));
      assertEquals("ref", ingest.status().ref());
      assertEquals(3, ingest.status().offset());
      assertEquals(
          List.of("ref"),
          stores.content.ingests(SCOPE, "re").stream().map(IngestStatus::ref).toList());
      assertEquals(List.of(), stores.content.ingests(SCOPE, "x"));
      assertEquals(List.of(), stores.content.ingests(OTHER, ""));
      ingest.write(bytes("lo"));
      info = ingest.commit(5, digest("hello"), Map.of("k", "v"));
    }
    assertEquals(info, stores.content.info(SCOPE, digest("hello")));
    assertEquals(Map.of("k", "v"), info.labels());
    assertArrayEquals("hello".getBytes(), stores.content.read(SCOPE, digest("hello"), 5));
    assertFails(ErrorKind.RESOURCE_EXHAUSTED, () -> stores.content.read(SCOPE, digest("hello"), 4));
    assertEquals(List.of(), stores.content.ingests(SCOPE, ""));
    assertEquals(
        List.of(new Event.ContentCreate(digest("hello").toString(), 5)), stores.events.events());
    assertFails(ErrorKind.NOT_FOUND, () -> stores.content.info(OTHER, digest("hello")));
    assertFails(ErrorKind.NOT_FOUND, () -> stores.content.open(OTHER, digest("hello")));
  }

  @Test
  void ingest_isResumedAndAborted() {
    try (LabelledIngest ingest = stores.content.ingest(SCOPE, "ref", 0, null)) {
      ingest.write(bytes("abc"));
      assertFails(
          ErrorKind.UNAVAILABLE, () -> stores.content.ingest(SCOPE, "ref", 0, null).close());
      // The same reference in another namespace is another ingest.
      stores.content.ingest(OTHER, "ref", 0, null).close();
    }
    try (LabelledIngest ingest = stores.content.ingest(SCOPE, "ref", 0, null)) {
      assertEquals(3, ingest.status().offset());
      assertFails(ErrorKind.FAILED_PRECONDITION, () -> ingest.commit(3, digest("other"), Map.of()));
    }
    stores.content.abort(SCOPE, "ref");
    assertFails(ErrorKind.NOT_FOUND, () -> stores.content.abort(SCOPE, "ref"));
    assertEquals(1, stores.blobs.kept.size());
  }

  @Test
  void ingest_ofABlobOfAnotherNamespace_takesNoBytes() {
    Digest digest = stores.put(OTHER, "shared", Map.of("theirs", "1"));
    try (LabelledIngest ingest = stores.content.ingest(SCOPE, "ref", 0, digest)) {
      assertEquals(6, ingest.status().offset());
      assertEquals(digest, ingest.digest());
      assertEquals(6, stores.content.ingests(SCOPE, "").getFirst().offset());
      assertFails(ErrorKind.FAILED_PRECONDITION, () -> ingest.commit(7, null));
      // It is kept alive meanwhile, though its only owner lets it go.
      stores.content.delete(OTHER, digest);
      assertEquals(Map.of("ours", "1"), ingest.commit(6, digest, Map.of("ours", "1")).labels());
    }
    assertArrayEquals("shared".getBytes(), stores.content.read(SCOPE, digest, 100));
    stores.content.delete(SCOPE, digest);
    assertTrue(stores.blobs.blobs.isEmpty());
  }

  @Test
  void ingest_ofABlobOfAnotherNamespace_canBeWrittenAnew() {
    Digest digest = stores.put(OTHER, "shared", Map.of());
    try (LabelledIngest ingest = stores.content.ingest(SCOPE, "ref", 0, digest)) {
      ingest.truncate(2);
      assertEquals(2, ingest.status().offset());
      ingest.write(bytes("y"));
      assertEquals(digest("shy"), ingest.commit(3, null).digest());
    }
    try (LabelledIngest ingest = stores.content.ingest(SCOPE, "ref", 0, digest)) {
      ingest.truncate(0);
      ingest.write(bytes("shared"));
      assertEquals(digest, ingest.commit(6, digest).digest());
    }
    assertEquals(2, stores.content.list(SCOPE, List.of()).size());
  }

  @Test
  void ingest_ofAnOwnBlob_isRefusedAndLeased() {
    Digest digest = stores.put(SCOPE, "own", Map.of("k", "v"));
    stores.leases.create(SCOPE, "l", Map.of());
    assertFails(
        ErrorKind.ALREADY_EXISTS,
        () -> stores.content.ingest(SCOPE.withLease("l"), "ref", 0, digest));
    assertEquals(digest.toString(), stores.leases.resources(SCOPE, "l").getFirst().id());
    try (LabelledIngest ingest = stores.content.ingest(SCOPE, "ref", 0, null)) {
      ingest.write(bytes("own"));
      assertFails(
          ErrorKind.ALREADY_EXISTS, () -> ingest.commit(3, digest, Map.of("k", "not seen")));
    }
    assertEquals(Map.of("k", "v"), stores.content.info(SCOPE, digest).labels());
    assertEquals(List.of(), stores.content.ingests(SCOPE, ""));
    assertEquals(digest, stores.put(SCOPE, "own", Map.of()));
  }

  @Test
  void labels_changeAndFilter() {
    Digest digest = stores.put(SCOPE, "a", Map.of("k.l/m.n", "1"));
    stores.put(SCOPE, "bb", Map.of());
    assertEquals(
        Map.of("k.l/m.n", "2"),
        stores
            .content
            .update(SCOPE, digest, Map.of("k.l/m.n", "2", "x", "y"), Set.of("labels.k.l/m.n"))
            .labels());
    assertFails(
        ErrorKind.INVALID_ARGUMENT,
        () -> stores.content.update(SCOPE, digest, Map.of(), Set.of("size")));
    assertFails(
        ErrorKind.NOT_FOUND,
        () -> stores.content.update(OTHER, digest, Map.of(), Set.of("labels")));
    assertEquals(1, stores.content.list(SCOPE, List.of("labels.\"k.l/m.n\"==\"2\"")).size());
    assertEquals(1, stores.content.list(SCOPE, List.of("size==\"2\"")).size());
    assertEquals(1, stores.content.list(SCOPE, List.of("digest==\"" + digest + "\"")).size());
  }

  @Test
  void delete_freesTheBytesWithTheLastNamespace() {
    Digest digest = stores.put(SCOPE, "a", Map.of());
    stores.put(OTHER, "a", Map.of());
    stores.content.delete(SCOPE, digest);
    assertFails(ErrorKind.NOT_FOUND, () -> stores.content.delete(SCOPE, digest));
    assertEquals(Set.of(digest), stores.blobs.blobs.keySet());
    stores.content.delete(OTHER, digest);
    assertEquals(Set.of(), stores.blobs.blobs.keySet());
  }

  @Test
  void leftovers_areSweptAtTheStart() throws InterruptedException {
    Digest digest = stores.put(SCOPE, "mine", Map.of());
    stores.content.ingest(SCOPE, "resumable", 0, null).close();
    stores.blobs.blobs.put(digest("left"), "left".getBytes());
    stores.blobs.kept.put("left", new byte[0]);
    stores.close();
    stores = new Stores(folder, stores.blobs);
    for (int i = 0; i < 500 && stores.blobs.blobs.size() > 1; i++) {
      Thread.sleep(10);
    }
    assertEquals(Set.of(digest), stores.blobs.blobs.keySet());
    assertEquals(1, stores.blobs.kept.size());
    assertEquals("resumable", stores.content.ingests(SCOPE, "").getFirst().ref());
  }
}
