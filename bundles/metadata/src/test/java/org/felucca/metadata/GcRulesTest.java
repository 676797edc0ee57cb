package org.felucca.metadata;

import static org.felucca.metadata.Stores.OTHER;
import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.assertFails;
import static org.felucca.metadata.Stores.container;
import static org.felucca.metadata.Stores.descriptor;
import static org.felucca.metadata.Stores.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.felucca.api.Durability;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.content.Digest;
import org.felucca.api.gc.Garbage;
import org.felucca.api.lease.LeasedResource;
import org.felucca.api.snapshot.SnapshotInfo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each rule by which containerd keeps or collects something. */
class GcRulesTest {

  private static final String O = "overlayfs";
  private static final String GC = "containerd.io/gc.";
  private static final String FUTURE = "2120-01-01T00:00:00+02:00";
  private static final String PAST = "2020-01-01T00:00:00Z";

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

  private Digest put(String text, String... labels) {
    return stores.put(SCOPE, text, map(labels));
  }

  private static Map<String, String> map(String... pairs) {
    Map<String, String> map = new java.util.HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put(pairs[i], pairs[i + 1]);
    }
    return map;
  }

  private void layer(String name, String parent, String... labels) {
    stores.snapshots.prepare(SCOPE, O, "extract " + name, parent, Map.of());
    stores.snapshots.commit(SCOPE, O, name, "extract " + name, map(labels));
  }

  /** What is left after a collection, which takes exactly what was foretold. */
  private Set<String> left() {
    List<Garbage> foretold = stores.collector.garbage();
    Set<String> before = all();
    stores.collector.collect();
    Set<String> after = all();
    Set<String> gone = new TreeSet<>(before);
    gone.removeAll(after);
    Set<String> said = new TreeSet<>();
    foretold.stream()
        .filter(g -> g.thing().namespace().equals(SCOPE.namespace()))
        .forEach(g -> said.add(g.thing().name()));
    Set<String> went = new TreeSet<>();
    gone.forEach(
        name -> went.add(name.startsWith("blob ") ? digest(name.substring(5)).toString() : name));
    assertEquals(said, went);
    return after.stream()
        .map(name -> name.startsWith("blob ") ? name.substring(5) : name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private Set<String> all() {
    Set<String> all = new TreeSet<>();
    for (var blob : stores.content.list(SCOPE, List.of())) {
      all.add("blob " + new String(stores.content.read(SCOPE, blob.digest(), 1000)));
    }
    stores.snapshots.list(SCOPE, O, List.of()).stream().map(SnapshotInfo::key).forEach(all::add);
    stores.images.list(SCOPE, List.of()).forEach(image -> all.add(image.name()));
    stores.leases.list(SCOPE, List.of()).forEach(lease -> all.add(lease.id()));
    stores.content.ingests(SCOPE, "").forEach(ingest -> all.add(ingest.ref()));
    return all;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ref.content",
        "ref.content.config",
        "ref.content/layer.0",
        "ref.content.l.0.x/y",
      })
  void referencesToContent_ofEverySpelling_keep(String label) {
    put("kept");
    put("parent", GC + "root", "1", GC + label, digest("kept").toString());
    put("gone");
    assertEquals(Set.of("kept", "parent"), left());
  }

  @ParameterizedTest
  @ValueSource(strings = {"ref.contents", "ref.contentx.1", "ref", "refs.content", "xref.content"})
  void labelsThatOnlyLookLikeReferences_keepNothing(String label) {
    put("gone");
    put("parent", GC + "root", "1", GC + label, digest("gone").toString());
    assertEquals(Set.of("parent"), left());
  }

  @ParameterizedTest
  @ValueSource(strings = {"ref.snapshot.overlayfs", "ref.snapshot.overlayfs/any.thing"})
  void referencesToSnapshots_keepThemWithTheirParents(String label) {
    layer("lower", null);
    layer("upper", "lower");
    layer("other", "lower");
    put("config", GC + "root", "1", GC + label, "upper");
    assertEquals(Set.of("config", "lower", "upper"), left());
  }

  @Test
  void referencesToSnapshots_ofAnotherSnapshotter_keepNothing() {
    layer("lower", null);
    put("config", GC + "root", "1", GC + "ref.snapshot.native", "lower");
    assertEquals(Set.of("config"), left());
  }

  @Test
  void referencesFromSnapshotsImagesAndContainers_keep() {
    put("of-snapshot");
    put("of-image");
    put("of-container");
    put("target");
    layer("base", null, GC + "root", "1", GC + "ref.content.x", digest("of-snapshot").toString());
    stores.images.create(
        SCOPE,
        "image",
        descriptor(digest("target")),
        map(GC + "ref.content.x", digest("of-image").toString()));
    stores.containers.create(
        SCOPE, container("c", map(GC + "ref.content.x", digest("of-container").toString())));
    assertEquals(
        Set.of("base", "image", "of-container", "of-image", "of-snapshot", "target"), left());
  }

  @ParameterizedTest
  @ValueSource(strings = {"ref.image", "ref.image.base", "ref.image/base"})
  void referencesToImages_keepExpiredOnes(String label) {
    put("target");
    stores.images.create(SCOPE, "old", descriptor(digest("target")), map(GC + "expire", PAST));
    put("user", GC + "root", "1", GC + label, "old");
    assertEquals(Set.of("old", "target", "user"), left());
  }

  @Test
  void backReferences_keepTheChildAsLongAsTheParent() {
    put("parent", GC + "root", "1");
    put("target");
    layer("base", null);
    stores.images.create(SCOPE, "image", descriptor(digest("target")), Map.of());
    stores.snapshots.prepare(SCOPE, O, "c", null, Map.of());
    stores.containers.create(SCOPE, container("c", Map.of()));
    put("of-content", GC + "bref.content", digest("parent").toString());
    put("of-image", GC + "bref.image.x", "image");
    put("of-container", GC + "bref.container/x", "c");
    layer("kept", null, GC + "root", "1");
    put("of-snapshot", GC + "bref.snapshot.overlayfs/x", "kept");
    put("of-nothing", GC + "bref.image", "none");
    layer("child", null, GC + "bref.content.s", digest("parent").toString());
    Set<String> expected =
        new TreeSet<>(
            List.of(
                "c",
                "child",
                "image",
                "kept",
                "of-container",
                "of-content",
                "of-image",
                "of-snapshot",
                "parent",
                "target"));
    assertEquals(expected, left());
    stores.images.delete(SCOPE, "image");
    expected.removeAll(List.of("image", "of-image", "target"));
    assertEquals(expected, left());
  }

  @Test
  void references_endAtTheirNamespace() {
    put("gone");
    stores.put(
        OTHER, "parent", map(GC + "root", "1", GC + "ref.content", digest("gone").toString()));
    assertEquals(Set.of(), left());
  }

  @Test
  void cycles_keepNothingByThemselves() {
    put("a", GC + "ref.content", digest("b").toString());
    put("b", GC + "ref.content", digest("a").toString());
    assertEquals(Set.of(), left());
  }

  @Test
  void flatLeases_keepParentsAndTargetsButNoReferences() {
    put("config");
    put("manifest", GC + "ref.content.config", digest("config").toString());
    put("of-snapshot");
    layer("lower", null);
    layer("upper", "lower", GC + "ref.content", digest("of-snapshot").toString());
    stores.images.create(SCOPE, "image", descriptor(digest("manifest")), map(GC + "expire", PAST));
    stores.leases.create(SCOPE, "flat", map(GC + "flat", "x"));
    stores.leases.addResource(SCOPE, "flat", new LeasedResource("images", "image"));
    stores.leases.addResource(SCOPE, "flat", new LeasedResource("snapshots/overlayfs", "upper"));
    assertEquals(Set.of("flat", "image", "lower", "manifest", "upper"), left());
  }

  @Test
  void flatAndWholeLeases_ofOneThing_keepTheWhole() {
    put("config");
    Digest manifest = put("manifest", GC + "ref.content.config", digest("config").toString());
    for (String lease : List.of("flat", "whole")) {
      stores.leases.create(SCOPE, lease, lease.equals("flat") ? map(GC + "flat", "1") : Map.of());
      stores.leases.addResource(SCOPE, lease, new LeasedResource("content", manifest.toString()));
    }
    assertEquals(Set.of("config", "flat", "manifest", "whole"), left());
  }

  @Test
  void expiry_thatIsNotUnderstood_isNone() {
    put("blob", GC + "expire", "tomorrow");
    stores.leases.create(SCOPE, "lease", map(GC + "expire", "tomorrow"));
    put("target");
    stores.images.create(SCOPE, "image", descriptor(digest("target")), map(GC + "expire", "x"));
    assertEquals(Set.of("image", "lease", "target"), left());
  }

  @Test
  void snapshotsThatExpire_areKeptUntilThen() {
    layer("later", null, GC + "expire", FUTURE);
    layer("earlier", null, GC + "expire", PAST);
    assertEquals(Set.of("later"), left());
  }

  @Test
  void root_keepsByItsBeginning_asInContainerd() {
    put("empty", GC + "root", "");
    put("longer", GC + "root.x", "1");
    put("rooted", GC + "root", "2026-01-01T00:00:00Z");
    assertEquals(Set.of("longer", "rooted"), left());
  }

  @Test
  void sandboxes_keepWhatTheirLabelsName() {
    put("needed");
    put("gone");
    stores.database.write(
        SCOPE.durability(),
        t ->
            t.sql()
                .update(
                    "INSERT INTO sandboxes VALUES (?, 's', ?, '', '', 0, 0, '{}', NULL, NULL, NULL, NULL)",
                    SCOPE.namespace(),
                    Columns.write(map(GC + "ref.content.x", digest("needed").toString()))));
    assertEquals(Set.of("needed"), left());
    assertFails(ErrorKind.FAILED_PRECONDITION, () -> stores.namespaces.delete(SCOPE.namespace()));
    stores.database.write(SCOPE.durability(), t -> t.sql().update("DELETE FROM sandboxes"));
    assertEquals(Set.of(), left());
    stores.namespaces.delete(SCOPE.namespace());
  }

  @Test
  void ingests_keepWhatAnotherNamespaceHasForThem() {
    stores.put(OTHER, "shared", map(GC + "root", "1"));
    Scope leased = SCOPE.withLease("l");
    stores.leases.create(SCOPE, "l", map(GC + "flat", "1"));
    stores.content.ingest(leased, "leased", 6, digest("shared")).close();
    stores.content.ingest(SCOPE, "free", 0, null).close();
    assertEquals(Set.of("free", "l", "leased"), left());
    stores.leases.delete(SCOPE, "l");
    assertEquals(Set.of("free"), left());
    assertTrue(stores.blobs.blobs.containsKey(digest("shared")));
  }

  @Test
  void collect_ofManyThings_goesInParts_childrenFirst() {
    String parent = null;
    Scope quick = SCOPE.withDurability(Durability.ENGINE_CRASH);
    for (int i = 0; i < 700; i++) {
      stores.put(quick, "blob " + i, Map.of());
      if (i < 520) {
        stores.snapshots.prepare(quick, O, "extract", parent, Map.of());
        stores.snapshots.commit(quick, O, "layer " + i, "extract", Map.of());
        parent = "layer " + i;
      }
    }
    put("kept", GC + "root", "1");
    assertEquals(1220, stores.collector.garbage().size());
    var collected = stores.collector.collect();
    assertEquals(List.of(700, 520), List.of(collected.blobs(), collected.snapshots()));
    assertEquals(Set.of("kept"), left());
    assertEquals(Set.of(), stores.overlay.files());
    assertEquals(1, stores.blobs.blobs.size());
  }

  @Test
  void garbage_saysWhatEachFrees() {
    stores.put(OTHER, "both", Map.of());
    put("both");
    stores.put(OTHER, "others", map(GC + "root", "1"));
    put("others");
    layer("layer", null);
    Map<String, Long> bytes =
        stores.collector.garbage().stream()
            .filter(g -> g.thing().namespace().equals(SCOPE.namespace()))
            .collect(Collectors.toMap(g -> g.thing().name(), Garbage::bytes));
    assertEquals(0, bytes.get(digest("others").toString()));
    assertEquals(4096, bytes.get("layer"));
    long both =
        stores.collector.garbage().stream()
            .filter(g -> g.thing().name().equals(digest("both").toString()))
            .mapToLong(Garbage::bytes)
            .sum();
    assertEquals(4, both, "what both give up is freed once");
    assertEquals(both + 4096, stores.collector.collect().bytes());
  }
}
