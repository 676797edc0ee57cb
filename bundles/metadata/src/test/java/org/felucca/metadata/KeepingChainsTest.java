package org.felucca.metadata;

import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.assertFails;
import static org.felucca.metadata.Stores.container;
import static org.felucca.metadata.Stores.descriptor;
import static org.felucca.metadata.Stores.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.Digest;
import org.felucca.api.gc.Keeping;
import org.felucca.api.lease.LeasedResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeepingChainsTest {

  private static final String O = "overlayfs";
  private static final String GC = "containerd.io/gc.";
  private static final Instant LATER = Instant.parse("2120-01-01T00:00:00Z");

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

  private Keeping why(String name) {
    List<Keeping> all = stores.collector.why(SCOPE.namespace(), name);
    assertEquals(1, all.size());
    return all.getFirst();
  }

  private static List<String> words(Keeping keeping) {
    return keeping.chains().stream()
        .map(
            chain ->
                chain.stream()
                    .map(
                        link ->
                            (link.by().isEmpty() ? "" : link.by() + ": ")
                                + link.thing().kind().name().toLowerCase(java.util.Locale.ROOT)
                                + " "
                                + link.thing().name())
                    .collect(Collectors.joining(" > ")))
        .toList();
  }

  private void layer(String name, String parent) {
    stores.snapshots.prepare(SCOPE, O, "extract " + name, parent, Map.of());
    stores.snapshots.commit(SCOPE, O, name, "extract " + name, Map.of());
  }

  @Test
  void why_aLayer_isTheImageAndTheContainerThatNeedIt() {
    layer("lower", null);
    layer("upper", "lower");
    Digest config = stores.put(SCOPE, "config", Map.of(GC + "ref.snapshot.overlayfs", "upper"));
    Digest manifest =
        stores.put(SCOPE, "manifest", Map.of(GC + "ref.content.config", config.toString()));
    stores.images.create(SCOPE, "image", descriptor(manifest), Map.of());
    stores.snapshots.prepare(SCOPE, O, "c", "upper", Map.of());
    stores.containers.create(SCOPE, container("c", Map.of()));
    assertEquals(
        List.of(
            "container c > root file system: snapshot c > parent: snapshot upper > parent: snapshot lower",
            "image image > target: blob %s > label %sref.content.config: blob %s > label %sref.snapshot.overlayfs: snapshot upper > parent: snapshot lower"
                .formatted(manifest, GC, config, GC)),
        words(why("lower")));
    assertNull(why("lower").until());
    assertEquals(List.of("image image"), words(why("image")));
    assertEquals(
        List.of("image image > target: blob " + manifest), words(why(manifest.toString())));
    assertEquals(2, why("upper").chains().size());
  }

  @Test
  void why_ofWhatIsKeptForAWhile_saysUntilWhen() {
    Digest blob = stores.put(SCOPE, "blob", Map.of(GC + "expire", LATER.toString()));
    stores.leases.create(SCOPE, "l", Map.of(GC + "expire", LATER.plusSeconds(1).toString()));
    stores.leases.addResource(SCOPE, "l", new LeasedResource("content", blob.toString()));
    Keeping keeping = why(blob.toString());
    assertEquals(LATER.plusSeconds(1), keeping.until());
    assertEquals(
        List.of(
            "until %s: blob %s".formatted(LATER, blob),
            "until %s: lease l > leased: blob %s".formatted(LATER.plusSeconds(1), blob)),
        words(keeping));
    stores.images.create(SCOPE, "image", descriptor(blob), Map.of());
    assertNull(why(blob.toString()).until());
  }

  @Test
  void why_behindAFlatLease_isOnlyWhatItNames() {
    Digest config = stores.put(SCOPE, "config", Map.of());
    Digest manifest =
        stores.put(SCOPE, "manifest", Map.of(GC + "ref.content.config", config.toString()));
    stores.images.create(
        SCOPE, "image", descriptor(manifest), Map.of(GC + "expire", "2020-01-01T00:00:00Z"));
    stores.leases.create(SCOPE, "flat", Map.of(GC + "flat", "1"));
    stores.leases.addResource(SCOPE, "flat", new LeasedResource("images", "image"));
    assertEquals(
        List.of("lease flat > leased, it alone: image image > target: blob " + manifest),
        words(why(manifest.toString())));
    assertEquals(List.of(), words(why(config.toString())));
    assertEquals(1, stores.collector.garbage().size());
  }

  @Test
  void why_ofGarbage_saysWhenItGoes() {
    Digest blob = stores.put(SCOPE, "blob", Map.of());
    Keeping keeping = why(blob.toString());
    assertEquals(List.of(), keeping.chains());
    assertNotNull(keeping.collection());
    assertEquals(
        List.of("label " + GC + "root: blob " + stores.put(SCOPE, "r", Map.of(GC + "root", "1"))),
        words(why(digest("r").toString())));
  }

  @Test
  void why_findsThingsByBeginnings_andSaysWhatIsNotThere() {
    Digest blob = stores.put(SCOPE, "blob", Map.of());
    layer("sha256:1234aa", null);
    layer("sha256:1234bb", null);
    assertEquals(blob.toString(), why(blob.toString().substring(0, 20)).thing().name());
    assertEquals(blob.toString(), why(blob.toString().substring(7, 19)).thing().name());
    assertEquals("sha256:1234aa", why("1234a").thing().name());
    assertEquals("overlayfs", why("1234a").thing().snapshotter());
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> why("1234"));
    assertFails(ErrorKind.NOT_FOUND, () -> why("12"));
    assertFails(ErrorKind.NOT_FOUND, () -> why("none%"));
    stores.leases.create(SCOPE, "work", Map.of());
    stores.content.ingest(SCOPE, "ref", 0, null).close();
    assertEquals(List.of("lease work"), words(why("work")));
    assertNotNull(why("ref").until());
  }

  @Test
  void why_aNameOfSeveralKinds_isAllOfThem() {
    layer("web", null);
    stores.leases.create(SCOPE, "web", Map.of());
    assertEquals(2, stores.collector.why(SCOPE.namespace(), "web").size());
  }
}
