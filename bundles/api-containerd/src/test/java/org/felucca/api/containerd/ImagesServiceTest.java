package org.felucca.api.containerd;

import static org.felucca.api.containerd.TestingStores.assertCode;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.protobuf.FieldMask;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.felucca.api.containerd.wire.images.CreateImageRequest;
import org.felucca.api.containerd.wire.images.DeleteImageRequest;
import org.felucca.api.containerd.wire.images.GetImageRequest;
import org.felucca.api.containerd.wire.images.Image;
import org.felucca.api.containerd.wire.images.ImagesGrpc;
import org.felucca.api.containerd.wire.images.ListImagesRequest;
import org.felucca.api.containerd.wire.images.UpdateImageRequest;
import org.felucca.api.containerd.wire.leases.AddResourceRequest;
import org.felucca.api.containerd.wire.leases.CreateRequest;
import org.felucca.api.containerd.wire.leases.DeleteRequest;
import org.felucca.api.containerd.wire.leases.DeleteResourceRequest;
import org.felucca.api.containerd.wire.leases.LeasesGrpc;
import org.felucca.api.containerd.wire.leases.ListRequest;
import org.felucca.api.containerd.wire.leases.ListResourcesRequest;
import org.felucca.api.containerd.wire.leases.Resource;
import org.felucca.api.containerd.wire.namespaces.CreateNamespaceRequest;
import org.felucca.api.containerd.wire.namespaces.DeleteNamespaceRequest;
import org.felucca.api.containerd.wire.namespaces.GetNamespaceRequest;
import org.felucca.api.containerd.wire.namespaces.ListNamespacesRequest;
import org.felucca.api.containerd.wire.namespaces.Namespace;
import org.felucca.api.containerd.wire.namespaces.NamespacesGrpc;
import org.felucca.api.containerd.wire.namespaces.UpdateNamespaceRequest;
import org.felucca.api.containerd.wire.types.Descriptor;
import org.felucca.api.gc.Collected;
import org.felucca.api.gc.Collector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Names of images, leases and namespaces as clients of containerd write and read them. */
@Timeout(120)
class ImagesServiceTest {
  private static final String DIGEST = "sha256:" + "a".repeat(64);
  private static final String OTHER = "sha256:" + "b".repeat(64);

  @TempDir Path root;
  private TestingStores stores;
  private final AtomicInteger collections = new AtomicInteger();

  @BeforeEach
  void start() throws Exception {
    stores = new TestingStores(root);
    stores.register(
        Collector.class,
        () -> {
          collections.incrementAndGet();
          return new Collected(0, 0, 0);
        });
  }

  @AfterEach
  void stop() {
    stores.close();
  }

  private static Descriptor.Builder target(String digest) {
    return Descriptor.newBuilder()
        .setMediaType("application/vnd.oci.image.index.v1+json")
        .setDigest(digest)
        .setSize(7)
        .putAnnotations("a.b", "c");
  }

  private static Image.Builder image(String name) {
    return Image.newBuilder().setName(name).putLabels("l", "1").setTarget(target(DIGEST));
  }

  private ImagesGrpc.ImagesBlockingStub moby() {
    return ImagesGrpc.newBlockingStub(stores.in("moby"));
  }

  private LeasesGrpc.LeasesBlockingStub leases() {
    return LeasesGrpc.newBlockingStub(stores.in("moby"));
  }

  private NamespacesGrpc.NamespacesBlockingStub namespaces() {
    return NamespacesGrpc.newBlockingStub(stores.plain());
  }

  private Image create(Image image) {
    return moby().create(CreateImageRequest.newBuilder().setImage(image).build()).getImage();
  }

  private Image update(Image image, String... paths) {
    return moby()
        .update(
            UpdateImageRequest.newBuilder()
                .setImage(image)
                .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(paths)))
                .build())
        .getImage();
  }

  private static Image untimed(Image image) {
    return image.toBuilder().clearCreatedAt().clearUpdatedAt().build();
  }

  private List<String> names(String... filters) {
    return moby()
        .list(ListImagesRequest.newBuilder().addAllFilters(List.of(filters)).build())
        .getImagesList()
        .stream()
        .map(Image::getName)
        .toList();
  }

  @Test
  void create_image_isKeptAndRefusedAsContainerdDoes() {
    // What an import does: an update that finds nothing, then a create.
    assertCode(Code.NOT_FOUND, () -> update(image("a/b:c").build()));
    assertEquals(image("a/b:c").build(), untimed(create(image("a/b:c").build())));
    assertEquals(
        image("a/b:c").build(),
        untimed(moby().get(GetImageRequest.newBuilder().setName("a/b:c").build()).getImage()));
    assertCode(Code.ALREADY_EXISTS, () -> create(image("a/b:c").build()));
    assertCode(Code.INVALID_ARGUMENT, () -> create(image("").build()));
    assertCode(Code.INVALID_ARGUMENT, () -> create(image("x").clearTarget().build()));
    assertCode(
        Code.INVALID_ARGUMENT,
        () -> create(image("x").setTarget(target(DIGEST).setSize(0)).build()));
    assertCode(
        Code.INVALID_ARGUMENT,
        () -> create(image("x").setTarget(target(DIGEST).clearMediaType()).build()));
    assertCode(
        Code.INVALID_ARGUMENT, () -> create(image("x").putLabels("k", "v".repeat(4096)).build()));
    assertCode(Code.NOT_FOUND, () -> moby().get(GetImageRequest.newBuilder().setName("x").build()));
    assertCode(
        Code.FAILED_PRECONDITION,
        () ->
            ImagesGrpc.newBlockingStub(stores.plain())
                .get(GetImageRequest.newBuilder().setName("x").build()));
  }

  @Test
  void update_masks_areContainerds() {
    create(image("a").build());
    Image labelled = Image.newBuilder().setName("a").putLabels("x.y", "2").build();
    assertEquals(Map.of("l", "1", "x.y", "2"), update(labelled, "labels.x.y").getLabelsMap());
    assertEquals(Map.of("x.y", "2"), update(labelled, "labels.l").getLabelsMap());
    Image retargeted = image("a").setTarget(target(OTHER)).build();
    assertEquals(OTHER, update(retargeted, "target").getTarget().getDigest());
    assertEquals(Map.of("x.y", "2"), update(retargeted, "target").getLabelsMap());
    Image annotated =
        Image.newBuilder()
            .setName("a")
            .setTarget(Descriptor.newBuilder().putAnnotations("n", "m"))
            .build();
    assertEquals(
        Map.of("a.b", "c", "n", "m"),
        update(annotated, "annotations.n").getTarget().getAnnotationsMap());
    assertEquals(image("a").build(), untimed(update(image("a").build())));
    assertCode(Code.INVALID_ARGUMENT, () -> update(labelled, "name"));
    assertCode(Code.INVALID_ARGUMENT, () -> update(labelled));
  }

  @Test
  void list_filters_areTheOneGrammar() {
    create(image("docker.io/library/a:1").build());
    create(image("docker.io/library/b:1").setTarget(target(OTHER)).putLabels("p", "q").build());
    assertEquals(List.of("docker.io/library/a:1", "docker.io/library/b:1"), names());
    assertEquals(List.of("docker.io/library/b:1"), names("target.digest==" + OTHER));
    assertEquals(List.of("docker.io/library/a:1"), names("name==docker.io/library/a:1"));
    assertEquals(2, names("target.mediatype~=index").size());
    assertEquals(List.of("docker.io/library/b:1"), names("labels.p==q,name~=|^docker|"));
    assertCode(Code.INVALID_ARGUMENT, () -> names("name==\"a"));
  }

  @Test
  void delete_sync_collectsAndTargetMustFit() {
    create(image("a").build());
    create(image("b").build());
    DeleteImageRequest.Builder a = DeleteImageRequest.newBuilder().setName("a");
    assertCode(Code.NOT_FOUND, () -> moby().delete(a.clone().setTarget(target(OTHER)).build()));
    assertEquals(List.of("a", "b"), names());
    moby().delete(a.clone().setTarget(target(DIGEST)).build());
    assertEquals(0, collections.get());
    moby().delete(DeleteImageRequest.newBuilder().setName("b").setSync(true).build());
    assertEquals(1, collections.get());
    assertCode(Code.NOT_FOUND, () -> moby().delete(a.build()));
  }

  private void lease(String type, String id) {
    leases()
        .addResource(
            AddResourceRequest.newBuilder()
                .setId("l")
                .setResource(Resource.newBuilder().setType(type).setId(id))
                .build());
  }

  @Test
  void leases_resourcesAndFilters_areContainerds() {
    assertEquals(
        "l",
        leases()
            .create(CreateRequest.newBuilder().setId("l").putLabels("k", "v").build())
            .getLease()
            .getId());
    assertCode(
        Code.ALREADY_EXISTS, () -> leases().create(CreateRequest.newBuilder().setId("l").build()));
    String named = leases().create(CreateRequest.getDefaultInstance()).getLease().getId();
    assertFalse(named.isEmpty());
    leases().delete(DeleteRequest.newBuilder().setId(named).build());
    assertCode(Code.UNIMPLEMENTED, () -> lease("", "x"));
    assertCode(Code.UNIMPLEMENTED, () -> lease("nope", "x"));
    assertCode(Code.INVALID_ARGUMENT, () -> lease("content", "x"));
    assertCode(Code.INVALID_ARGUMENT, () -> lease("snapshots", "x"));
    assertCode(Code.INVALID_ARGUMENT, () -> lease("snapshots/", "x"));
    leases().create(CreateRequest.newBuilder().setId("m").build());
    assertEquals(
        1,
        leases().list(ListRequest.newBuilder().addFilters("labels.k==v").build()).getLeasesCount());
    assertEquals(
        1, leases().list(ListRequest.newBuilder().addFilters("id==m").build()).getLeasesCount());
    Resource snapshot = Resource.newBuilder().setType("snapshots/overlayfs").setId("s").build();
    leases().addResource(AddResourceRequest.newBuilder().setId("l").setResource(snapshot).build());
    assertEquals(
        List.of(snapshot),
        leases()
            .listResources(ListResourcesRequest.newBuilder().setId("l").build())
            .getResourcesList());
    leases()
        .deleteResource(
            DeleteResourceRequest.newBuilder().setId("l").setResource(snapshot).build());
    assertEquals(
        0,
        leases()
            .listResources(ListResourcesRequest.newBuilder().setId("l").build())
            .getResourcesCount());
    assertCode(
        Code.NOT_FOUND,
        () -> leases().listResources(ListResourcesRequest.newBuilder().setId("n").build()));
    leases().delete(DeleteRequest.newBuilder().setId("l").setSync(true).build());
    assertEquals(1, collections.get());
    assertCode(
        Code.NOT_FOUND, () -> leases().delete(DeleteRequest.newBuilder().setId("l").build()));
  }

  @Test
  void namespaces_labelsAndEmptiness_areContainerds() {
    Namespace named = Namespace.newBuilder().setName("moby").putLabels("k", "v").build();
    // Clients ask for defaults before there is anything.
    assertEquals(
        Map.of(),
        namespaces()
            .get(GetNamespaceRequest.newBuilder().setName("moby").build())
            .getNamespace()
            .getLabelsMap());
    for (String none : List.of("", "../x")) {
      assertEquals(
          Map.of(),
          namespaces()
              .get(GetNamespaceRequest.newBuilder().setName(none).build())
              .getNamespace()
              .getLabelsMap());
      assertCode(
          Code.NOT_FOUND,
          () -> namespaces().delete(DeleteNamespaceRequest.newBuilder().setName(none).build()));
    }
    assertCode(
        Code.NOT_FOUND,
        () -> namespaces().update(UpdateNamespaceRequest.newBuilder().setNamespace(named).build()));
    namespaces().create(CreateNamespaceRequest.newBuilder().setNamespace(named).build());
    assertCode(
        Code.ALREADY_EXISTS,
        () -> namespaces().create(CreateNamespaceRequest.newBuilder().setNamespace(named).build()));
    assertCode(
        Code.INVALID_ARGUMENT,
        () -> namespaces().create(CreateNamespaceRequest.getDefaultInstance()));
    assertEquals(
        List.of(named),
        namespaces().list(ListNamespacesRequest.getDefaultInstance()).getNamespacesList());
    Namespace more = Namespace.newBuilder().setName("moby").putLabels("x.y", "z").build();
    assertEquals(
        Map.of("k", "v", "x.y", "z"),
        namespaces()
            .update(
                UpdateNamespaceRequest.newBuilder()
                    .setNamespace(more)
                    .setUpdateMask(FieldMask.newBuilder().addPaths("labels.x.y"))
                    .build())
            .getNamespace()
            .getLabelsMap());
    assertEquals(
        Map.of("x.y", "z"),
        namespaces()
            .update(UpdateNamespaceRequest.newBuilder().setNamespace(more).build())
            .getNamespace()
            .getLabelsMap());
    assertCode(
        Code.INVALID_ARGUMENT,
        () ->
            namespaces()
                .update(
                    UpdateNamespaceRequest.newBuilder()
                        .setNamespace(more)
                        .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                        .build()));
    create(image("a").build());
    assertCode(
        Code.FAILED_PRECONDITION,
        () -> namespaces().delete(DeleteNamespaceRequest.newBuilder().setName("moby").build()));
    moby().delete(DeleteImageRequest.newBuilder().setName("a").build());
    namespaces().delete(DeleteNamespaceRequest.newBuilder().setName("moby").build());
    assertCode(
        Code.NOT_FOUND,
        () -> namespaces().delete(DeleteNamespaceRequest.newBuilder().setName("moby").build()));
  }
}
