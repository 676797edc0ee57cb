package org.felucca.metadata;

import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.assertFails;
import static org.felucca.metadata.Stores.descriptor;
import static org.felucca.metadata.Stores.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.content.Digest;
import org.felucca.api.lease.LeasedResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** A call under a lease adds what it touched to it, also if that was there already. */
class LeasedCallsTest {

  private static final String O = "overlayfs";
  private static final Scope LEASED = SCOPE.withLease("l");
  private static final Scope LOST = SCOPE.withLease("none");

  @TempDir Path folder;
  private Stores stores;

  @BeforeEach
  void open() {
    stores = new Stores(folder);
    stores.leases.create(SCOPE, "l", Map.of());
  }

  @AfterEach
  void close() {
    stores.close();
  }

  private void assertLeased(String type, String id) {
    assertEquals(List.of(new LeasedResource(type, id)), stores.leases.resources(SCOPE, "l"));
  }

  private Digest committed(Scope scope, String text) {
    try (var ingest = stores.content.ingest(scope, "ref", 0, null)) {
      ingest.write(ByteBuffer.wrap(text.getBytes()));
      return ingest.commit(0, null, Map.of()).digest();
    }
  }

  @Test
  void commit_ofABlobThatIsThere_isRefusedAndLeased() {
    Digest blob = stores.put(SCOPE, "blob", Map.of());
    assertFails(ErrorKind.ALREADY_EXISTS, () -> committed(LEASED, "blob"));
    assertLeased("content", blob.toString());
    assertEquals(List.of(), stores.content.ingests(SCOPE, ""));
  }

  @Test
  void labelsOfABlob_changedUnderALease_areLeased() {
    Digest blob = stores.put(SCOPE, "blob", Map.of());
    stores.content.update(LEASED, blob, Map.of("a", "b"), Set.of("labels.a"));
    assertLeased("content", blob.toString());
  }

  @Test
  void image_thatIsThere_isRefusedAndLeased() {
    stores.images.create(SCOPE, "image", descriptor(digest("target")), Map.of());
    assertFails(
        ErrorKind.ALREADY_EXISTS,
        () -> stores.images.create(LEASED, "image", descriptor(digest("target")), Map.of()));
    assertLeased("images", "image");
  }

  @Test
  void snapshot_whoseKeyIsTaken_isRefusedAndLeased() {
    stores.snapshots.prepare(SCOPE, O, "key", null, Map.of());
    assertFails(
        ErrorKind.ALREADY_EXISTS, () -> stores.snapshots.prepare(LEASED, O, "key", null, Map.of()));
    assertLeased("snapshots/overlayfs", "key");
  }

  @Test
  void commit_underANameThatIsTaken_isRefusedAndTheNameLeased() {
    stores.snapshots.prepare(SCOPE, O, "first", null, Map.of());
    stores.snapshots.commit(SCOPE, O, "name", "first", Map.of());
    stores.snapshots.prepare(SCOPE, O, "second", null, Map.of());
    assertFails(
        ErrorKind.ALREADY_EXISTS,
        () -> stores.snapshots.commit(LEASED, O, "name", "second", Map.of()));
    assertLeased("snapshots/overlayfs", "name");
  }

  @Test
  void calls_underALeaseThatIsNot_areRefusedAndLeaveNothing() {
    Digest blob = stores.put(SCOPE, "blob", Map.of());
    List<Executable> calls =
        List.of(
            () -> stores.content.put(LOST, "other".getBytes(), Map.of()),
            () -> stores.content.update(LOST, blob, Map.of(), Set.of("labels.a")),
            () -> stores.images.create(LOST, "image", descriptor(blob), Map.of()),
            () -> stores.snapshots.prepare(LOST, O, "key", null, Map.of()));
    for (Executable call : calls) {
      assertFails(ErrorKind.NOT_FOUND, call);
    }
    assertEquals(1, stores.content.list(SCOPE, List.of()).size());
    assertEquals(List.of(), stores.content.ingests(SCOPE, ""));
    assertEquals(List.of(), stores.images.list(SCOPE, List.of()));
    assertEquals(List.of(), stores.snapshots.list(SCOPE, O, List.of()));
    assertEquals(Set.of(), stores.overlay.files());
    assertEquals(1, stores.blobs.blobs.size());
  }
}
