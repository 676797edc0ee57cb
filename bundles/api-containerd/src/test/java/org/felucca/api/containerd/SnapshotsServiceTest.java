package org.felucca.api.containerd;

import static org.felucca.api.containerd.TestingStores.assertCode;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.FieldMask;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.containerd.wire.leases.CreateRequest;
import org.felucca.api.containerd.wire.leases.LeasesGrpc;
import org.felucca.api.containerd.wire.leases.ListResourcesRequest;
import org.felucca.api.containerd.wire.leases.Resource;
import org.felucca.api.containerd.wire.snapshots.CleanupRequest;
import org.felucca.api.containerd.wire.snapshots.CommitSnapshotRequest;
import org.felucca.api.containerd.wire.snapshots.Info;
import org.felucca.api.containerd.wire.snapshots.Kind;
import org.felucca.api.containerd.wire.snapshots.ListSnapshotsRequest;
import org.felucca.api.containerd.wire.snapshots.MountsRequest;
import org.felucca.api.containerd.wire.snapshots.PrepareSnapshotRequest;
import org.felucca.api.containerd.wire.snapshots.RemoveSnapshotRequest;
import org.felucca.api.containerd.wire.snapshots.SnapshotsGrpc;
import org.felucca.api.containerd.wire.snapshots.StatSnapshotRequest;
import org.felucca.api.containerd.wire.snapshots.UpdateSnapshotRequest;
import org.felucca.api.containerd.wire.snapshots.UsageRequest;
import org.felucca.api.containerd.wire.snapshots.ViewSnapshotRequest;
import org.felucca.api.containerd.wire.types.Mount;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots as clients of containerd make them; the codes are those of containerd 1.6. */
@Timeout(120)
class SnapshotsServiceTest {
  private static final String BIG = "v".repeat(4096);

  @TempDir Path root;
  private TestingStores stores;

  @BeforeEach
  void start() throws Exception {
    stores = new TestingStores(root);
  }

  @AfterEach
  void stop() {
    stores.close();
  }

  private SnapshotsGrpc.SnapshotsBlockingStub moby() {
    return SnapshotsGrpc.newBlockingStub(stores.in("moby"));
  }

  private static PrepareSnapshotRequest.Builder preparing(String key, String parent) {
    return PrepareSnapshotRequest.newBuilder()
        .setSnapshotter("native")
        .setKey(key)
        .setParent(parent);
  }

  private List<Mount> prepare(String key, String parent) {
    return moby().prepare(preparing(key, parent).build()).getMountsList();
  }

  private static CommitSnapshotRequest.Builder committing(String name, String key) {
    return CommitSnapshotRequest.newBuilder().setSnapshotter("native").setName(name).setKey(key);
  }

  private Info stat(String key) {
    return moby()
        .stat(StatSnapshotRequest.newBuilder().setSnapshotter("native").setKey(key).build())
        .getInfo();
  }

  private void remove(String key) {
    moby().remove(RemoveSnapshotRequest.newBuilder().setSnapshotter("native").setKey(key).build());
  }

  private List<String> list(String... filters) {
    List<String> names = new ArrayList<>();
    moby()
        .list(
            ListSnapshotsRequest.newBuilder()
                .setSnapshotter("native")
                .addAllFilters(List.of(filters))
                .build())
        .forEachRemaining(page -> page.getInfoList().forEach(info -> names.add(info.getName())));
    return names;
  }

  private void committed(String name) {
    prepare(name + "-key", "");
    moby().commit(committing(name, name + "-key").build());
  }

  @Test
  void life_ofASnapshot_isContainerds() {
    Mount mount = prepare("k", "").getFirst();
    assertEquals("bind", mount.getType());
    assertEquals(
        List.of(mount),
        moby()
            .mounts(MountsRequest.newBuilder().setSnapshotter("native").setKey("k").build())
            .getMountsList());
    assertEquals(Kind.ACTIVE, stat("k").getKind());
    moby().commit(committing("n", "k").putLabels("a", "b").build());
    assertEquals(Kind.COMMITTED, stat("n").getKind());
    assertEquals(Map.of("a", "b"), stat("n").getLabelsMap());
    prepare("child", "n");
    assertEquals("n", stat("child").getParent());
    moby()
        .view(
            ViewSnapshotRequest.newBuilder()
                .setSnapshotter("native")
                .setKey("v")
                .setParent("n")
                .build());
    assertEquals(List.of("child", "n", "v"), list());
    assertEquals(List.of("v"), list("kind==view"));
    assertEquals(List.of("child", "n"), list("name==child", "labels.a==b,kind==committed"));
    assertEquals(List.of("child", "v"), list("parent==n"));
    moby().usage(UsageRequest.newBuilder().setSnapshotter("native").setKey("n").build());
    assertCode(Code.FAILED_PRECONDITION, () -> remove("n"));
    remove("child");
    remove("v");
    remove("n");
    moby().cleanup(CleanupRequest.newBuilder().setSnapshotter("native").build());
    assertEquals(List.of(), list());
  }

  @Test
  void snapshotter_missingOrUnknown_isInvalid() {
    for (String name : List.of("", "nope")) {
      assertCode(
          Code.INVALID_ARGUMENT,
          () -> moby().prepare(preparing("k", "").setSnapshotter(name).build()));
      assertCode(
          Code.INVALID_ARGUMENT,
          () ->
              moby()
                  .list(ListSnapshotsRequest.newBuilder().setSnapshotter(name).build())
                  .hasNext());
      assertCode(
          Code.INVALID_ARGUMENT,
          () -> moby().cleanup(CleanupRequest.newBuilder().setSnapshotter(name).build()));
      assertCode(
          Code.INVALID_ARGUMENT,
          () -> moby().stat(StatSnapshotRequest.newBuilder().setSnapshotter(name).build()));
    }
    assertCode(
        Code.FAILED_PRECONDITION,
        () -> SnapshotsGrpc.newBlockingStub(stores.plain()).prepare(preparing("k", "").build()));
  }

  @Test
  void prepare_whatContainerdRefuses_isRefusedWithItsCode() {
    prepare("k", "");
    assertCode(Code.ALREADY_EXISTS, () -> prepare("k", ""));
    assertCode(Code.NOT_FOUND, () -> prepare("x", "nope"));
    assertCode(Code.INVALID_ARGUMENT, () -> prepare("x", "k"));
    assertCode(Code.INVALID_ARGUMENT, () -> prepare("", ""));
    assertCode(
        Code.INVALID_ARGUMENT,
        () -> moby().prepare(preparing("x", "").putLabels("k", BIG).build()));
    assertCode(
        Code.NOT_FOUND,
        () ->
            SnapshotsGrpc.newBlockingStub(stores.in("foreign"))
                .mounts(MountsRequest.newBuilder().setSnapshotter("native").setKey("k").build()));
  }

  @Test
  void prepare_targetThatIsThere_isToldAndLeased() {
    committed("chain");
    LeasesGrpc.LeasesBlockingStub leases = LeasesGrpc.newBlockingStub(stores.in("moby"));
    leases.create(CreateRequest.newBuilder().setId("l").build());
    assertCode(
        Code.ALREADY_EXISTS,
        () ->
            SnapshotsGrpc.newBlockingStub(stores.in("moby", "l"))
                .prepare(
                    preparing("extract-1 chain", "")
                        .putLabels("containerd.io/snapshot.ref", "chain")
                        .build()));
    assertEquals(
        List.of(Resource.newBuilder().setType("snapshots/native").setId("chain").build()),
        leases
            .listResources(ListResourcesRequest.newBuilder().setId("l").build())
            .getResourcesList());
  }

  @Test
  void commit_whatContainerdRefuses_isRefusedWithItsCode() {
    committed("n");
    prepare("k", "");
    assertCode(Code.NOT_FOUND, () -> moby().commit(committing("x", "nope").build()));
    assertCode(Code.ALREADY_EXISTS, () -> moby().commit(committing("n", "k").build()));
    assertCode(Code.FAILED_PRECONDITION, () -> moby().commit(committing("x", "n").build()));
    assertCode(Code.INVALID_ARGUMENT, () -> moby().commit(committing("", "k").build()));
    assertCode(
        Code.INVALID_ARGUMENT,
        () -> moby().commit(committing("x", "k").putLabels("k", BIG).build()));
    assertCode(
        Code.UNIMPLEMENTED, () -> moby().commit(committing("x", "k").setParent("n").build()));
    assertCode(
        Code.FAILED_PRECONDITION,
        () ->
            moby().mounts(MountsRequest.newBuilder().setSnapshotter("native").setKey("n").build()));
  }

  private Info update(String name, Map<String, String> labels, String... paths) {
    return moby()
        .update(
            UpdateSnapshotRequest.newBuilder()
                .setSnapshotter("native")
                .setInfo(Info.newBuilder().setName(name).putAllLabels(labels))
                .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(paths)))
                .build())
        .getInfo();
  }

  @Test
  void update_masks_areContainerds() {
    committed("n");
    Map<String, String> labels = Map.of("a.b/c.d", "1", "e", "2");
    assertEquals(Map.of("a.b/c.d", "1"), update("n", labels, "labels.a.b/c.d").getLabelsMap());
    assertEquals(labels, update("n", labels).getLabelsMap());
    assertEquals(Map.of("e", "2"), update("n", Map.of(), "labels.a.b/c.d").getLabelsMap());
    assertCode(Code.INVALID_ARGUMENT, () -> update("n", labels, "parent"));
    assertCode(Code.INVALID_ARGUMENT, () -> update("n", Map.of("k", BIG)));
    assertCode(Code.NOT_FOUND, () -> update("nope", labels));
    assertCode(Code.INVALID_ARGUMENT, () -> update("", labels));
  }

  @Test
  void unknownKey_isNotFoundEverywhere() {
    for (String key : List.of("nope", "")) {
      assertCode(Code.NOT_FOUND, () -> stat(key));
      assertCode(Code.NOT_FOUND, () -> remove(key));
      assertCode(
          Code.NOT_FOUND,
          () ->
              moby().usage(UsageRequest.newBuilder().setSnapshotter("native").setKey(key).build()));
      assertCode(
          Code.NOT_FOUND,
          () ->
              moby()
                  .mounts(MountsRequest.newBuilder().setSnapshotter("native").setKey(key).build()));
    }
    assertCode(Code.INVALID_ARGUMENT, () -> list("name="));
  }
}
