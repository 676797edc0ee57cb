package org.felucca.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.snapshot.Snapshotter;
import org.junit.jupiter.api.function.Executable;

/** All stores over one folder, as the framework would put them together. */
final class Stores implements AutoCloseable {

  static final Scope SCOPE = Scope.of(new Namespace("moby"));
  static final Scope OTHER = Scope.of(new Namespace("other"));

  final TestingEventLog events = new TestingEventLog();
  final TestingBlobStore blobs;
  final TestingSnapshotter overlay;
  final Database database;
  final Snapshotters snapshotters;
  final NamespaceRecords namespaces;
  final ImageRecords images;
  final ContainerRecords containers;
  final LeaseRecords leases;
  final ContentRecords content;
  final SnapshotRecords snapshots;
  final RecordCollector collector;

  /** What the collector waits for; the stores tell others, so tests collect by hand. */
  final CollectionPlan plan = new CollectionPlan(Instant.now().plusSeconds(3600));

  Stores(Path folder) {
    this(folder, new TestingBlobStore());
  }

  Stores(Path folder, TestingBlobStore blobs) {
    this.blobs = blobs;
    database = new Database(folder.resolve("metadata.db"), events, new CollectionPlan());
    overlay = new TestingSnapshotter(folder.resolve("snapshots"));
    snapshotters = new Snapshotters(database, 200_000_000);
    snapshotters.add(overlay, () -> overlay, Map.of(Snapshotter.NAME, "overlayfs"));
    namespaces = new NamespaceRecords(database);
    images = new ImageRecords(database);
    containers = new ContainerRecords(database);
    leases = new LeaseRecords(database, new CollectionPlan());
    Blobs backing = new Blobs(database, blobs);
    content = new ContentRecords(database, backing);
    snapshots = new SnapshotRecords(database, snapshotters);
    collector = new RecordCollector(database, backing, snapshots, plan);
  }

  @Override
  public void close() {
    collector.stop();
    snapshots.stop();
    snapshotters.stop();
    database.stop();
  }

  static void assertFails(ErrorKind kind, Executable call) {
    EngineException failure = assertThrows(EngineException.class, call);
    assertEquals(kind, failure.kind(), failure.getMessage());
  }

  static ContainerRecord container(String id, Map<String, String> labels) {
    return new ContainerRecord(
        new ContainerId(id),
        labels,
        "busybox",
        "runc",
        new TypedBytes("containerd.runc.v1.Options", new byte[] {1, 0, -1}),
        new TypedBytes(TypedBytes.OCI_SPEC, "{}".getBytes()),
        "overlayfs",
        id,
        "",
        Instant.EPOCH,
        Instant.EPOCH,
        Map.of("ext.a", new TypedBytes("x.Y", new byte[] {2})));
  }

  static Descriptor descriptor(Digest digest) {
    return new Descriptor("application/vnd.oci.image.manifest.v1+json", digest, 7)
        .withAnnotations(Map.of("a.b/c", "d"));
  }

  static Digest digest(String text) {
    return Digest.sha256(text.getBytes());
  }

  Digest put(Scope scope, String text, Map<String, String> labels) {
    return content.put(scope, text.getBytes(), labels).digest();
  }

  List<String> containerIds(String... filters) {
    return containers.list(SCOPE, List.of(filters)).stream().map(c -> c.id().value()).toList();
  }
}
