package org.felucca.metadata;

import static org.felucca.metadata.Stores.OTHER;
import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.container;
import static org.felucca.metadata.Stores.descriptor;
import static org.felucca.metadata.Stores.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.felucca.api.content.Digest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A collection that ends between any two of its steps, as kill -9 ends it: what lies on the disk
 * then is copied, and another engine starts on it.
 */
class GcCrashTest {

  private static final String O = "overlayfs";
  private static final String GC = "containerd.io/gc.";

  @TempDir Path temporary;
  private final List<TestingBlobStore> blobsThen = new ArrayList<>();
  private Path live;

  private void image(Stores stores, String name) {
    stores.snapshots.prepare(SCOPE, O, "x", null, Map.of());
    stores.snapshots.commit(SCOPE, O, name + "-lower", "x", Map.of());
    stores.snapshots.prepare(SCOPE, O, "x", name + "-lower", Map.of());
    stores.snapshots.commit(SCOPE, O, name + "-upper", "x", Map.of());
    Digest config =
        stores.put(SCOPE, name + "-config", Map.of(GC + "ref.snapshot.overlayfs", name + "-upper"));
    Digest manifest =
        stores.put(SCOPE, name + "-manifest", Map.of(GC + "ref.content.config", config.toString()));
    stores.images.create(SCOPE, name, descriptor(manifest), Map.of());
  }

  /** As it lies on the disk now. */
  private synchronized void copy(TestingBlobStore blobs) {
    Path to = temporary.resolve("copy" + blobsThen.size());
    try (Stream<Path> files = Files.walk(live)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (Files.isDirectory(file)) {
          Files.createDirectories(to.resolve(live.relativize(file).toString()));
        } else if (!name.endsWith("-shm") && !file.startsWith(live.resolve("native"))) {
          Files.copy(file, to.resolve(live.relativize(file).toString()));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    TestingBlobStore then = new TestingBlobStore();
    then.blobs.putAll(blobs.blobs);
    then.kept.putAll(blobs.kept);
    blobsThen.add(then);
  }

  @Test
  void aCollectionThatEndsBetweenAnyTwoSteps_losesNothingAndLeavesNothing() throws Exception {
    live = Files.createDirectory(temporary.resolve("live"));
    TestingBlobStore blobs = new TestingBlobStore();
    try (Stores stores = new Stores(live, blobs)) {
      image(stores, "kept");
      image(stores, "gone");
      stores.put(OTHER, "gone-config", Map.of(GC + "root", "1"));
      stores.snapshots.prepare(SCOPE, O, "c", "kept-upper", Map.of());
      stores.containers.create(SCOPE, container("c", Map.of()));
      stores.content.ingest(SCOPE, "late", 0, null).close();
      stores.database.write(
          SCOPE.durability(),
          t ->
              t.sql()
                  .update(
                      "UPDATE ingests SET expires = ?",
                      Columns.write(Instant.now().minusSeconds(1))));
      stores.leases.create(SCOPE, "ended", Map.of(GC + "expire", "2020-01-01T00:00:00Z"));
      stores.images.delete(SCOPE, "gone");
      stores.overlay.onRemove = id -> copy(blobs);
      blobs.onDelete = what -> copy(blobs);
      stores.events.onPublish = () -> copy(blobs);
      copy(blobs);
      stores.collector.collect();
      copy(blobs);
      stores.overlay.onRemove = id -> {};
      blobs.onDelete = what -> {};
      stores.events.onPublish = () -> {};
    }
    // Before it, after each of four events, before each of two snapshots, an ingest and a blob,
    // and after it.
    assertEquals(1 + 4 + 2 + 1 + 1 + 1, blobsThen.size());
    for (int i = 0; i < blobsThen.size(); i++) {
      goesOn(temporary.resolve("copy" + i), blobsThen.get(i));
    }
  }

  private static void goesOn(Path folder, TestingBlobStore blobs) throws InterruptedException {
    try (Stores stores = new Stores(folder, blobs)) {
      assertEquals(1, stores.snapshots.mounts(SCOPE, O, "c").size());
      assertWhole(stores);
      stores.collector.collect();
      assertWhole(stores);
      assertEquals(List.of(), stores.collector.garbage());
      assertEquals(
          Set.of("kept-config", "kept-manifest"),
          stores.content.list(SCOPE, List.of()).stream()
              .map(blob -> new String(stores.content.read(SCOPE, blob.digest(), 100)))
              .collect(Collectors.toSet()));
      assertEquals(
          List.of("c", "kept-lower", "kept-upper"),
          stores.snapshots.list(SCOPE, O, List.of()).stream().map(s -> s.key()).toList());
      assertEquals(3, stores.overlay.files().size());
      // The sweep of blobs goes on beside all else.
      Set<Digest> expected =
          Set.of(digest("kept-config"), digest("kept-manifest"), digest("gone-config"));
      for (int i = 0;
          i < 3000 && !(blobs.blobs.keySet().equals(expected) && blobs.kept.isEmpty());
          i++) {
        Thread.sleep(10);
      }
      assertEquals(expected, blobs.blobs.keySet());
      assertEquals(Set.of(), blobs.kept.keySet());
    }
  }

  /** Whatever has a record has its files. */
  private static void assertWhole(Stores stores) {
    stores
        .content
        .list(SCOPE, List.of())
        .forEach(blob -> stores.content.read(SCOPE, blob.digest(), 100));
    Set<String> files = new TreeSet<>(stores.overlay.files());
    List<String> ids =
        stores.database.read(
            sql -> sql.all("SELECT id FROM snapshots", row -> Long.toString(row.getLong(1))));
    assertTrue(files.containsAll(ids), () -> files + " and " + ids);
  }
}
