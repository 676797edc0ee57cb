package org.felucca.metadata;

import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.descriptor;
import static org.felucca.metadata.Stores.digest;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.felucca.api.snapshot.Snapshotter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stores as the framework puts them together: what they change plans the collection. */
class PlannedCollectionTest {

  private static final String O = "overlayfs";
  private static final String EXPIRE = "containerd.io/gc.expire";
  private static final String PAST = "2020-01-01T00:00:00Z";

  @TempDir Path folder;
  private final TestingBlobStore blobs = new TestingBlobStore();
  private Database database;
  private Snapshotters snapshotters;
  private SnapshotRecords snapshots;
  private ContentRecords content;
  private ImageRecords images;
  private RecordCollector collector;

  @BeforeEach
  void open() {
    CollectionPlan plan = new CollectionPlan(Instant.now().plusSeconds(3600));
    database = new Database(folder.resolve("metadata.db"), new TestingEventLog(), plan);
    snapshotters = new Snapshotters(database, 200_000_000);
    TestingSnapshotter overlay = new TestingSnapshotter(folder.resolve("snapshots"));
    snapshotters.add(overlay, () -> overlay, Map.of(Snapshotter.NAME, O));
    snapshots = new SnapshotRecords(database, snapshotters);
    Blobs backing = new Blobs(database, blobs);
    content = new ContentRecords(database, backing);
    images = new ImageRecords(database);
    collector = new RecordCollector(database, backing, snapshots, plan);
  }

  @AfterEach
  void close() {
    collector.stop();
    snapshots.stop();
    snapshotters.stop();
    database.stop();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; !condition.getAsBoolean(); i++) {
      assertTrue(i < 6000, "it is not collected");
      Thread.sleep(10);
    }
  }

  @Test
  void snapshot_thatHasExpired_goes() throws Exception {
    snapshots.prepare(SCOPE, O, "old", null, Map.of(EXPIRE, PAST));
    await(() -> snapshots.list(SCOPE, O, List.of()).isEmpty());
  }

  @Test
  void layer_thatHasExpired_goes() throws Exception {
    snapshots.prepare(SCOPE, O, "extract", null, Map.of("containerd.io/gc.root", "1"));
    snapshots.commit(SCOPE, O, "layer", "extract", Map.of(EXPIRE, PAST));
    await(() -> snapshots.list(SCOPE, O, List.of()).isEmpty());
  }

  @Test
  void blobAndImage_thatHaveExpired_go() throws Exception {
    content.put(SCOPE, "blob".getBytes(), Map.of(EXPIRE, PAST));
    await(() -> blobs.blobs.isEmpty());
    images.create(SCOPE, "image", descriptor(digest("blob")), Map.of(EXPIRE, PAST));
    await(() -> images.list(SCOPE, List.of()).isEmpty());
  }

  @Test
  void whatADeletionLeaves_goes() throws Exception {
    images.create(SCOPE, "image", descriptor(digest("blob")), Map.of());
    content.put(SCOPE, "blob".getBytes(), Map.of());
    images.delete(SCOPE, "image");
    await(() -> blobs.blobs.isEmpty());
  }
}
