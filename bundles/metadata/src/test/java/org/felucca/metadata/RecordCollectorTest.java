package org.felucca.metadata;

import static org.felucca.metadata.Stores.OTHER;
import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.assertFails;
import static org.felucca.metadata.Stores.container;
import static org.felucca.metadata.Stores.descriptor;
import static org.felucca.metadata.Stores.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.content.Digest;
import org.felucca.api.event.Event;
import org.felucca.api.gc.Collected;
import org.felucca.api.lease.LeasedResource;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.api.snapshot.Snapshotter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordCollectorTest {

  private static final String O = "overlayfs";
  private static final String REF = "containerd.io/gc.ref.";
  private static final String PAST = "2020-01-01T00:00:00Z";
  private static final String FUTURE = "2120-01-01T00:00:00+02:00";

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

  private Set<String> blobs(Scope scope) {
    return stores.content.list(scope, List.of()).stream()
        .map(c -> new String(stores.content.read(scope, c.digest(), 1000)))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private Set<String> snapshots() {
    return stores.snapshots.list(SCOPE, O, List.of()).stream()
        .map(SnapshotInfo::key)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private void layer(String name, String parent, Map<String, String> labels) {
    stores.snapshots.prepare(SCOPE, O, "extract " + name, parent, Map.of());
    stores.snapshots.commit(SCOPE, O, name, "extract " + name, labels);
  }

  /**
   * An image of manifest, config and layer, unpacked into two snapshots, with the edges that an
   * engine sets.
   */
  private void image(String name) {
    layer(name + "-lower", null, Map.of());
    layer(name + "-top", name + "-lower", Map.of());
    Digest config =
        stores.put(SCOPE, name + "-config", Map.of(REF + "snapshot.overlayfs", name + "-top"));
    Digest blob = stores.put(SCOPE, name + "-layer", Map.of());
    Digest manifest =
        stores.put(
            SCOPE,
            name + "-manifest",
            Map.of(
                REF + "content.config", config.toString(), REF + "content/l.0", blob.toString()));
    stores.images.create(SCOPE, name, descriptor(manifest), Map.of());
  }

  private void assertCollected(int blobs, int snapshots) {
    Collected collected = stores.collector.collect();
    assertEquals(List.of(blobs, snapshots), List.of(collected.blobs(), collected.snapshots()));
  }

  @Test
  void lease_thatExpires_isCollectedWithWhatItKept() throws InterruptedException {
    LeaseRecords leases = new LeaseRecords(stores.database, stores.plan);
    stores.leases.create(SCOPE, "long", Map.of("containerd.io/gc.expire", FUTURE));
    stores.put(SCOPE.withLease("long"), "kept", Map.of());
    stores.put(SCOPE, "leased", Map.of());
    leases.create(SCOPE, "ended", Map.of("containerd.io/gc.expire", PAST));
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (blobs(SCOPE).size() > 1 && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
    assertEquals(Set.of("kept"), blobs(SCOPE));
    assertEquals("long", leases.list(SCOPE, List.of()).getFirst().id());
  }

  @Test
  void collect_saysHowMuchRoomItGives() {
    stores.put(SCOPE, "12345", Map.of());
    stores.put(OTHER, "shared", Map.of("containerd.io/gc.root", "1"));
    stores.put(SCOPE, "shared", Map.of());
    assertEquals(new Collected(2, 0, 5), stores.collector.collect());
  }

  @Test
  void collect_ofNothing_isNothing() {
    assertCollected(0, 0);
    image("a");
    assertCollected(0, 0);
    assertEquals(Set.of("a-config", "a-layer", "a-manifest"), blobs(SCOPE));
    assertEquals(Set.of("a-lower", "a-top"), snapshots());
  }

  @Test
  void collect_afterAnImageIsGone_takesWhatOnlyItUsed() {
    image("a");
    image("b");
    stores.put(OTHER, "a-layer", Map.of("containerd.io/gc.root", "yes"));
    stores.images.delete(SCOPE, "a");
    int before = stores.events.events().size();
    assertCollected(3, 2);
    assertEquals(Set.of("b-config", "b-layer", "b-manifest"), blobs(SCOPE));
    assertEquals(Set.of("b-lower", "b-top"), snapshots());
    assertEquals(2, stores.overlay.files().size());
    assertEquals(4, stores.blobs.blobs.size(), "the other namespace keeps the bytes it has");
    List<Event> events = stores.events.events();
    assertEquals(
        List.of(new Event.SnapshotRemove("a-top", O), new Event.SnapshotRemove("a-lower", O)),
        events.subList(before, before + 2));
    assertEquals(before + 5, events.size());
    assertCollected(0, 0);
  }

  @Test
  void collect_keepsWhatContainersStandOn() {
    image("a");
    stores.snapshots.prepare(SCOPE, O, "c1", "a-top", Map.of());
    stores.containers.create(SCOPE, container("c1", Map.of()));
    stores.images.delete(SCOPE, "a");
    assertCollected(3, 0);
    assertEquals(Set.of("a-lower", "a-top", "c1"), snapshots());
    stores.containers.delete(SCOPE, new ContainerId("c1"));
    assertCollected(0, 3);
    assertEquals(Set.of(), stores.overlay.files());
  }

  @Test
  void collect_keepsWhatLeasesKeep() {
    Digest child = stores.put(SCOPE, "child", Map.of());
    Digest parent = stores.put(SCOPE, "parent", Map.of(REF + "content.0", child.toString()));
    LeasedResource leased = new LeasedResource("content", parent.toString());
    stores.leases.create(SCOPE, "whole", Map.of("containerd.io/gc.expire", FUTURE));
    stores.leases.addResource(SCOPE, "whole", leased);
    assertCollected(0, 0);
    stores.leases.create(SCOPE, "flat", Map.of("containerd.io/gc.flat", "true"));
    stores.leases.addResource(SCOPE, "flat", leased);
    assertCollected(0, 0);
    stores.leases.delete(SCOPE, "whole");
    assertCollected(1, 0);
    assertEquals(Set.of("parent"), blobs(SCOPE));
    stores.leases.create(SCOPE, "expired", Map.of("containerd.io/gc.expire", PAST));
    stores.leases.addResource(SCOPE, "expired", leased);
    stores.leases.delete(SCOPE, "flat");
    assertCollected(1, 0);
    assertEquals(List.of(), stores.leases.list(SCOPE, List.of()));
  }

  @Test
  void collect_followsBackReferencesAndExpiry() {
    Digest root = stores.put(SCOPE, "root", Map.of("containerd.io/gc.root", "1"));
    stores.put(SCOPE, "back", Map.of("containerd.io/gc.bref.content.x", root.toString()));
    stores.put(SCOPE, "later", Map.of("containerd.io/gc.expire", FUTURE));
    stores.put(SCOPE, "earlier", Map.of("containerd.io/gc.expire", PAST));
    Digest referred = stores.put(SCOPE, "referred", Map.of());
    Digest forgotten = stores.put(SCOPE, "forgotten", Map.of());
    stores.images.create(
        SCOPE, "old", descriptor(forgotten), Map.of("containerd.io/gc.expire", PAST));
    stores.images.create(
        SCOPE, "needed", descriptor(referred), Map.of("containerd.io/gc.expire", PAST));
    stores.images.create(SCOPE, "user", descriptor(root), Map.of(REF + "image.base", "needed"));
    assertCollected(2, 0);
    assertEquals(Set.of("back", "later", "referred", "root"), blobs(SCOPE));
    assertEquals(
        Set.of("needed", "user"),
        stores.images.list(SCOPE, List.of()).stream()
            .map(i -> i.name())
            .collect(Collectors.toSet()));
  }

  @Test
  void collect_ofIngests_waitsForTheirExpiryOrLease() {
    stores.leases.create(SCOPE, "l", Map.of());
    stores.content.ingest(SCOPE.withLease("l"), "leased", 0, null).close();
    stores.content.ingest(SCOPE, "free", 0, null).close();
    stores.collector.collect();
    assertEquals(2, stores.content.ingests(SCOPE, "").size());
    stores.leases.delete(SCOPE, "l");
    stores.collector.collect();
    assertEquals("free", stores.content.ingests(SCOPE, "").getFirst().ref());
    stores.database.write(
        SCOPE.durability(),
        t ->
            t.sql()
                .update(
                    "UPDATE ingests SET expires = ?",
                    Columns.write(Instant.now().minusSeconds(1))));
    stores.collector.collect();
    assertEquals(List.of(), stores.content.ingests(SCOPE, ""));
    assertEquals(Map.of(), stores.blobs.kept);
  }

  @Test
  void collect_withARecordThatCantBeRead_takesNothing() {
    image("a");
    stores.images.delete(SCOPE, "a");
    stores.database.write(
        SCOPE.durability(), t -> t.sql().update("UPDATE content SET labels = 'x' WHERE size = 7"));
    assertFails(ErrorKind.DATA_LOSS, () -> stores.collector.collect());
    assertEquals(3, stores.blobs.blobs.size());
  }

  @Test
  void collect_withoutTheSnapshotter_leavesTheFilesToItsReturn() {
    layer("left", null, Map.of());
    Map<String, Object> properties = Map.of(Snapshotter.NAME, O);
    stores.snapshotters.gone(stores.overlay, properties);
    assertCollected(0, 1);
    assertEquals(1, stores.overlay.files().size());
    stores.snapshotters.add(stores.overlay, () -> stores.overlay, properties);
    assertEquals(Set.of(), snapshots());
    assertTrue(stores.snapshots.snapshotter(O).usable()); // the first use, and the sweep before it
    assertEquals(Set.of(), stores.overlay.files());
  }

  @Test
  void collect_besideCreation_takesNothingThatIsLeased() throws Exception {
    List<Future<?>> all = new ArrayList<>();
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int w = 0; w < 4; w++) {
        String worker = "w" + w;
        all.add(
            pool.submit(
                () -> {
                  for (int i = 0; i < 40; i++) {
                    String name = worker + "-" + i;
                    stores.leases.create(SCOPE, name, Map.of());
                    Scope scope = SCOPE.withLease(name);
                    // All write one blob that all leave to the collector: it comes and goes under
                    // them.
                    Digest shared = stores.put(scope, "shared", Map.of());
                    try (var ingest = stores.content.ingest(scope, name, 0, null)) {
                      ingest.write(ByteBuffer.wrap(name.getBytes()));
                      ingest.commit(0, null, Map.of(REF + "content.s", shared.toString()));
                    }
                    stores.images.create(scope, name, descriptor(digest(name)), Map.of());
                    stores.leases.delete(SCOPE, name);
                    assertEquals(6, stores.content.read(SCOPE, shared, 10).length);
                    stores.images.delete(SCOPE, name);
                  }
                  return null;
                }));
      }
      all.add(
          pool.submit(
              () -> {
                for (int i = 0; i < 60; i++) {
                  stores.collector.collect();
                }
                return null;
              }));
    }
    for (Future<?> one : all) {
      one.get();
    }
    stores.collector.collect();
    assertTrue(stores.blobs.blobs.isEmpty(), stores.blobs.blobs.keySet()::toString);
    assertEquals(Set.of(), blobs(SCOPE));
  }
}
