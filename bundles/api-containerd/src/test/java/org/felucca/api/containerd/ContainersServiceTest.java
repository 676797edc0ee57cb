package org.felucca.api.containerd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.felucca.api.containerd.TestingStores.assertCode;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.containerd.wire.containers.Container;
import org.felucca.api.containerd.wire.containers.ContainersGrpc;
import org.felucca.api.containerd.wire.containers.CreateContainerRequest;
import org.felucca.api.containerd.wire.containers.DeleteContainerRequest;
import org.felucca.api.containerd.wire.containers.GetContainerRequest;
import org.felucca.api.containerd.wire.containers.ListContainersRequest;
import org.felucca.api.containerd.wire.containers.UpdateContainerRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Records of containers as clients of containerd write and read them. */
@Timeout(120)
class ContainersServiceTest {
  private static final Any SPEC =
      any(
          "types.containerd.io/opencontainers/runtime-spec/1/Spec",
          "{ \"ociVersion\":\"1.9.9\", \"unknown\" : [1,2 ], \"hooks\":{}}");

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

  private static Any any(String type, String value) {
    return Any.newBuilder().setTypeUrl(type).setValue(ByteString.copyFrom(value, UTF_8)).build();
  }

  private static Container.Builder container(String id) {
    return Container.newBuilder()
        .setId(id)
        .putLabels("a.b/c.d", "1")
        .putLabels("e", "2")
        .setImage("docker.io/library/busybox:latest")
        .setRuntime(
            Container.Runtime.newBuilder()
                .setName("io.containerd.runc.v2")
                .setOptions(any("containerd.runc.v1.Options", "\u0000\u0001")))
        .setSpec(SPEC)
        .setSnapshotter("overlayfs")
        .setSnapshotKey(id)
        .putExtensions("x.y", any("some.Type", "one"))
        .putExtensions("z", any("type.googleapis.com/other.Type", "two"))
        .setSandbox("pod-1");
  }

  private ContainersGrpc.ContainersBlockingStub moby() {
    return ContainersGrpc.newBlockingStub(stores.in("moby"));
  }

  private Container create(Container container) {
    return moby()
        .create(CreateContainerRequest.newBuilder().setContainer(container).build())
        .getContainer();
  }

  private Container get(String id) {
    return moby().get(GetContainerRequest.newBuilder().setId(id).build()).getContainer();
  }

  private Container update(Container container, String... paths) {
    return moby()
        .update(
            UpdateContainerRequest.newBuilder()
                .setContainer(container)
                .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(paths)))
                .build())
        .getContainer();
  }

  private List<String> ids(String... filters) {
    return moby()
        .list(ListContainersRequest.newBuilder().addAllFilters(List.of(filters)).build())
        .getContainersList()
        .stream()
        .map(Container::getId)
        .toList();
  }

  private static Container untimed(Container container) {
    return container.toBuilder().clearCreatedAt().clearUpdatedAt().build();
  }

  @Test
  void create_everyField_comesBackByteForByte() {
    Container given = container("one").build();
    assertEquals(given, untimed(create(given)));
    assertEquals(given, untimed(get("one")));
    assertEquals(true, get("one").hasCreatedAt());
  }

  @Test
  void create_whatContainerdRefuses_isRefusedWithItsCode() {
    create(container("one").build());
    assertCode(Code.ALREADY_EXISTS, () -> create(container("one").build()));
    assertCode(Code.INVALID_ARGUMENT, () -> create(container("").build()));
    assertCode(Code.INVALID_ARGUMENT, () -> create(container("../x").build()));
    assertCode(Code.INVALID_ARGUMENT, () -> create(container("a".repeat(77)).build()));
    assertCode(Code.INVALID_ARGUMENT, () -> create(container("x").clearSpec().build()));
    assertCode(Code.INVALID_ARGUMENT, () -> create(container("x").clearRuntime().build()));
    assertCode(Code.INVALID_ARGUMENT, () -> create(container("x").clearSnapshotter().build()));
    assertCode(Code.INVALID_ARGUMENT, () -> create(container("x").putExtensions("", SPEC).build()));
    assertCode(
        Code.INVALID_ARGUMENT,
        () -> create(container("x").putLabels("k", "v".repeat(4096)).build()));
    assertCode(
        Code.FAILED_PRECONDITION,
        () ->
            ContainersGrpc.newBlockingStub(stores.plain())
                .create(CreateContainerRequest.newBuilder().setContainer(container("x")).build()));
  }

  @Test
  void update_masks_changeWhatTheyNameAndNothingElse() {
    create(container("one").build());
    Container given =
        Container.newBuilder()
            .setId("one")
            .putLabels("a.b/c.d", "new")
            .putLabels("other", "x")
            .setImage("other-image")
            .setSnapshotKey("other-key")
            .setSpec(any("spec", "{}"))
            .putExtensions("x.y", any("new.Type", "three"))
            .build();
    Container before = untimed(get("one"));
    assertEquals(
        before.toBuilder().putLabels("a.b/c.d", "new").build(),
        untimed(update(given, "labels.a.b/c.d")));
    assertEquals(Map.of("a.b/c.d", "new"), update(given, "labels.e").getLabelsMap());
    assertEquals(
        any("new.Type", "three"), update(given, "extensions.x.y").getExtensionsMap().get("x.y"));
    assertEquals(
        Map.of("x.y", any("new.Type", "three")), update(given, "extensions.z").getExtensionsMap());
    assertEquals("other-image", update(given, "image").getImage());
    assertEquals("other-key", update(given, "snapshotkey").getSnapshotKey());
    assertEquals(any("spec", "{}"), update(given, "spec").getSpec());
    assertEquals(given.getLabelsMap(), update(given, "labels").getLabelsMap());
    assertCode(Code.INVALID_ARGUMENT, () -> update(given, "runtime"));
    assertCode(Code.INVALID_ARGUMENT, () -> update(given, "created_at"));
    assertCode(Code.NOT_FOUND, () -> update(given.toBuilder().setId("two").build(), "labels.e"));
    assertCode(Code.INVALID_ARGUMENT, () -> update(given.toBuilder().clearId().build(), "image"));
  }

  @Test
  void update_emptyMask_replacesAllThatMayChange() {
    create(container("one").build());
    Container given =
        container("one")
            .clearLabels()
            .putLabels("only", "one")
            .setSpec(any("spec", "{}"))
            .clearExtensions()
            .setImage("")
            .setSnapshotKey("k")
            .build();
    assertEquals(given, untimed(update(given)));
    assertCode(
        Code.INVALID_ARGUMENT, () -> update(given.toBuilder().setSnapshotter("native").build()));
    assertCode(
        Code.INVALID_ARGUMENT,
        () ->
            update(
                given.toBuilder()
                    .setRuntime(Container.Runtime.newBuilder().setName("crun"))
                    .build()));
    assertCode(Code.INVALID_ARGUMENT, () -> update(given.toBuilder().clearSpec().build()));
  }

  @Test
  void list_filtersAndStream_agree() {
    for (String id : List.of("c", "a", "b")) {
      create(container(id).putLabels("n", id).build());
    }
    create(container("d").setRuntime(Container.Runtime.newBuilder().setName("crun")).build());
    assertEquals(List.of("a", "b", "c", "d"), ids());
    assertEquals(List.of("b"), ids("id==b"));
    assertEquals(List.of("a", "c"), ids("labels.n==c", "id==a"));
    assertEquals(List.of("d"), ids("runtime.name==crun"));
    assertEquals(List.of("b"), ids("labels.\"a.b/c.d\"==1,labels.n~=|^b$|"));
    assertEquals(List.of(), ids("image==other"));
    assertCode(Code.INVALID_ARGUMENT, () -> ids("id="));
    List<String> streamed = new ArrayList<>();
    moby()
        .listStream(ListContainersRequest.newBuilder().addFilters("id!=b").build())
        .forEachRemaining(message -> streamed.add(message.getContainer().getId()));
    assertEquals(List.of("a", "c", "d"), streamed);
    assertEquals(
        0,
        ContainersGrpc.newBlockingStub(stores.in("other"))
            .list(ListContainersRequest.getDefaultInstance())
            .getContainersCount());
  }

  @Test
  void delete_unknownOrImpossibleId_isNotFound() {
    create(container("one").build());
    moby().delete(DeleteContainerRequest.newBuilder().setId("one").build());
    for (String id : List.of("one", "", "../x")) {
      assertCode(
          Code.NOT_FOUND,
          () -> moby().delete(DeleteContainerRequest.newBuilder().setId(id).build()));
      assertCode(Code.NOT_FOUND, () -> get(id));
    }
  }
}
