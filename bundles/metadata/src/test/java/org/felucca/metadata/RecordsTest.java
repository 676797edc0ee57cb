package org.felucca.metadata;

import static org.felucca.metadata.Stores.OTHER;
import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.assertFails;
import static org.felucca.metadata.Stores.container;
import static org.felucca.metadata.Stores.descriptor;
import static org.felucca.metadata.Stores.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.event.Event;
import org.felucca.api.image.Image;
import org.felucca.api.lease.LeasedResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Namespaces, images, containers and leases. */
class RecordsTest {

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

  private void reopen() {
    stores.close();
    stores = new Stores(folder, stores.blobs);
  }

  @Test
  void namespace_comesWithItsFirstRecordAndGoesWhenEmpty() {
    Namespace moby = SCOPE.namespace();
    assertFails(ErrorKind.NOT_FOUND, () -> stores.namespaces.labels(moby));
    stores.containers.create(SCOPE, container("a", Map.of()));
    assertEquals(List.of(moby), stores.namespaces.list());
    assertEquals(Map.of(), stores.namespaces.labels(moby));
    assertFails(ErrorKind.ALREADY_EXISTS, () -> stores.namespaces.create(moby, Map.of()));
    EngineException full =
        assertThrows(EngineException.class, () -> stores.namespaces.delete(moby));
    assertEquals(ErrorKind.FAILED_PRECONDITION, full.kind());
    assertTrue(full.getMessage().contains("1 container"), full.getMessage());
    stores.containers.delete(SCOPE, new ContainerId("a"));
    stores.namespaces.delete(moby);
    assertEquals(List.of(), stores.namespaces.list());
    assertFails(ErrorKind.NOT_FOUND, () -> stores.namespaces.delete(moby));
  }

  @Test
  void namespace_labelsLastAndChange() {
    Namespace b = new Namespace("b");
    stores.namespaces.create(new Namespace("c"), Map.of());
    stores.namespaces.create(b, Map.of("k.x", "v"));
    assertEquals(
        Map.of("k.x", "w"), stores.namespaces.update(b, Map.of("k.x", "w"), Set.of("labels.k.x")));
    reopen();
    assertEquals(Map.of("k.x", "w"), stores.namespaces.labels(b));
    assertEquals(List.of(b, new Namespace("c")), stores.namespaces.list());
  }

  @Test
  void image_isCreatedChangedAndDeleted() {
    Image made =
        stores.images.create(SCOPE, "x", descriptor(digest("1")), Map.of("l", "1", "none", ""));
    assertEquals(made, stores.images.get(SCOPE, "x"));
    assertEquals(Map.of("l", "1"), made.labels());
    assertFails(
        ErrorKind.ALREADY_EXISTS,
        () -> stores.images.create(SCOPE, "x", descriptor(digest("2")), Map.of()));
    assertFails(ErrorKind.NOT_FOUND, () -> stores.images.get(OTHER, "x"));
    assertFails(
        ErrorKind.INVALID_ARGUMENT,
        () -> stores.images.create(SCOPE, "", descriptor(digest("2")), Map.of()));

    Image target =
        stores.images.update(
            SCOPE, "x", descriptor(digest("2")), Map.of("l", "unseen"), Set.of("target"));
    assertEquals(digest("2"), target.target().digest());
    assertEquals(Map.of("l", "1"), target.labels());
    assertEquals(made.createdAt(), target.createdAt());
    Image annotated =
        stores.images.update(
            SCOPE,
            "x",
            descriptor(digest("3")).withAnnotations(Map.of("n.m", "o")),
            Map.of("m", "2"),
            Set.of("annotations.n.m", "labels.m"));
    assertEquals(digest("2"), annotated.target().digest());
    assertEquals(Map.of("a.b/c", "d", "n.m", "o"), annotated.target().annotations());
    assertEquals(Map.of("l", "1", "m", "2"), annotated.labels());
    Image replaced =
        stores.images.update(SCOPE, "x", descriptor(digest("4")), Map.of("z", "0"), Set.of());
    assertEquals(Map.of("z", "0"), replaced.labels());
    assertFails(
        ErrorKind.INVALID_ARGUMENT,
        () -> stores.images.update(SCOPE, "x", descriptor(digest("4")), Map.of(), Set.of("name")));
    assertFails(
        ErrorKind.NOT_FOUND,
        () -> stores.images.update(SCOPE, "y", descriptor(digest("4")), Map.of(), Set.of()));
    reopen();
    assertEquals(replaced, stores.images.get(SCOPE, "x"));
    stores.images.delete(SCOPE, "x");
    assertFails(ErrorKind.NOT_FOUND, () -> stores.images.delete(SCOPE, "x"));
    assertEquals(List.of(new Event.ImageDelete("x")), stores.events.events());
  }

  @Test
  void images_areFilteredAsInContainerd() {
    stores.images.create(SCOPE, "docker.io/b:1", descriptor(digest("1")), Map.of("k", "v"));
    stores.images.create(SCOPE, "docker.io/a:1", descriptor(digest("2")), Map.of());
    stores.images.create(OTHER, "docker.io/c:1", descriptor(digest("2")), Map.of());
    assertEquals(List.of("docker.io/a:1", "docker.io/b:1"), names());
    assertEquals(List.of("docker.io/b:1"), names("name==\"docker.io/b:1\""));
    assertEquals(List.of("docker.io/b:1"), names("labels.k==v"));
    assertEquals(List.of("docker.io/a:1"), names("target.digest==\"" + digest("2") + "\""));
    assertEquals(2, names("annotations.\"a.b/c\"==d").size());
    assertEquals(2, names("labels.k==v", "name~=\"/a:\"").size());
  }

  private List<String> names(String... filters) {
    return stores.images.list(SCOPE, List.of(filters)).stream().map(Image::name).toList();
  }

  @Test
  void container_isStoredWhole() {
    ContainerRecord made =
        stores.containers.create(SCOPE, container("abc", Map.of("felucca.name", "web")));
    assertEquals("web", made.name());
    assertEquals(made, stores.containers.get(SCOPE, made.id()));
    reopen();
    assertEquals(made, stores.containers.get(SCOPE, made.id()));
    assertEquals(List.of(made), stores.containers.list(SCOPE, List.of()));
  }

  @Test
  void container_nameIsUniqueInItsNamespace() {
    stores.containers.create(SCOPE, container("a", Map.of("felucca.name", "web")));
    EngineException taken =
        assertThrows(
            EngineException.class,
            () -> stores.containers.create(SCOPE, container("b", Map.of("felucca.name", "web"))));
    assertEquals(ErrorKind.ALREADY_EXISTS, taken.kind());
    assertTrue(taken.getMessage().contains("by container a"), taken.getMessage());
    assertFails(
        ErrorKind.ALREADY_EXISTS, () -> stores.containers.create(SCOPE, container("a", Map.of())));
    stores.containers.create(OTHER, container("b", Map.of("felucca.name", "web")));
    stores.containers.create(SCOPE, container("b", Map.of("felucca.name", "db")));
    assertFails(
        ErrorKind.ALREADY_EXISTS,
        () ->
            stores.containers.update(
                SCOPE,
                container("b", Map.of("felucca.name", "web")),
                Set.of("labels.felucca.name")));
    stores.containers.update(
        SCOPE, container("a", Map.of("felucca.name", "web2")), Set.of("labels"));
    stores.containers.update(
        SCOPE, container("b", Map.of("felucca.name", "web")), Set.of("labels.felucca.name"));
    assertEquals(List.of("b"), stores.containerIds("labels.\"felucca.name\"==web"));
  }

  @Test
  void container_changesByMask() {
    stores.containers.create(SCOPE, container("a", Map.of("k", "v")));
    ContainerRecord given =
        new ContainerRecord(
            new ContainerId("a"),
            Map.of("k2", "v2"),
            "other-image",
            "runc",
            null,
            new TypedBytes(TypedBytes.OCI_SPEC, new byte[] {9}),
            "overlayfs",
            "other-key",
            "",
            java.time.Instant.EPOCH,
            java.time.Instant.EPOCH,
            Map.of("e.f", new TypedBytes("t", new byte[] {3})));
    ContainerRecord one = stores.containers.update(SCOPE, given, Set.of("extensions.e.f", "image"));
    assertEquals(Set.of("ext.a", "e.f"), one.extensions().keySet());
    assertEquals("other-image", one.image());
    assertEquals("a", one.snapshotKey());
    assertEquals(Map.of("k", "v"), one.labels());
    ContainerRecord all = stores.containers.update(SCOPE, given, Set.of());
    assertEquals(given.extensions(), all.extensions());
    assertEquals(given.spec(), all.spec());
    assertEquals("other-key", all.snapshotKey());
    assertEquals(one.runtimeOptions(), all.runtimeOptions());
    assertEquals(all, stores.containers.get(SCOPE, all.id()));
    assertFails(
        ErrorKind.INVALID_ARGUMENT,
        () -> stores.containers.update(SCOPE, given, Set.of("runtime")));
    ContainerRecord moved =
        new ContainerRecord(
            given.id(),
            given.labels(),
            "",
            "crun",
            null,
            null,
            "overlayfs",
            "",
            "",
            given.createdAt(),
            given.updatedAt(),
            Map.of());
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> stores.containers.update(SCOPE, moved, Set.of()));
    assertFails(
        ErrorKind.NOT_FOUND,
        () -> stores.containers.update(SCOPE, container("b", Map.of()), Set.of()));
  }

  @Test
  void containers_areListedOldestFirstAndFiltered() {
    for (String id : List.of("c", "a", "b")) {
      stores.containers.create(SCOPE, container(id, Map.of("n", id)));
    }
    assertEquals(List.of("c", "a", "b"), stores.containerIds());
    assertEquals(List.of("a"), stores.containerIds("id==a"));
    assertEquals(List.of("c", "b"), stores.containerIds("labels.n==c", "labels.n==b"));
    assertEquals(3, stores.containerIds("runtime.name==runc,image==busybox").size());
    assertEquals(List.of(), stores.containerIds("runtime.name==crun"));
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> stores.containerIds("id==="));
  }

  @Test
  void containers_thatCantBeRead_arePassedOver() {
    stores.containers.create(SCOPE, container("good", Map.of()));
    stores.containers.create(SCOPE, container("bad", Map.of("k", "v")));
    stores.database.write(
        SCOPE.durability(),
        t -> t.sql().update("UPDATE containers SET labels = '{\"k\":' WHERE id = 'bad'"));
    assertEquals(List.of("good"), stores.containerIds());
    assertEquals(List.of("good"), stores.containerIds("runtime.name==runc"));
    assertFails(ErrorKind.DATA_LOSS, () -> stores.containers.get(SCOPE, new ContainerId("bad")));
    stores.containers.delete(SCOPE, new ContainerId("bad"));
    assertFails(ErrorKind.NOT_FOUND, () -> stores.containers.get(SCOPE, new ContainerId("bad")));
  }

  @Test
  void events_comeInTheOrderOfTheCommits() {
    stores.containers.create(SCOPE, container("a", Map.of("k", "v")));
    stores.containers.update(SCOPE, container("a", Map.of("k", "w")), Set.of("labels"));
    assertFails(
        ErrorKind.ALREADY_EXISTS, () -> stores.containers.create(SCOPE, container("a", Map.of())));
    stores.containers.delete(SCOPE, new ContainerId("a"));
    assertEquals(
        List.of(
            new Event.ContainerCreate("a", "busybox", "runc"),
            new Event.ContainerUpdate("a", "busybox", Map.of("k", "w"), "a"),
            new Event.ContainerDelete("a")),
        stores.events.events());
    assertEquals(SCOPE.namespace(), stores.events.published.getFirst().namespace());
  }

  @Test
  void lease_keepsWhatCallsTouch() {
    stores.leases.create(SCOPE, "l", Map.of("k", "v"));
    assertFails(ErrorKind.ALREADY_EXISTS, () -> stores.leases.create(SCOPE, "l", Map.of()));
    stores.images.create(SCOPE, "x", descriptor(digest("1")), Map.of());
    assertFails(
        ErrorKind.ALREADY_EXISTS,
        () -> stores.images.create(SCOPE.withLease("l"), "x", descriptor(digest("1")), Map.of()));
    stores.put(SCOPE.withLease("l"), "blob", Map.of());
    stores.snapshots.prepare(SCOPE.withLease("l"), "overlayfs", "key", null, Map.of());
    Set<LeasedResource> expected =
        Set.of(
            new LeasedResource("images", "x"),
            new LeasedResource("content", digest("blob").toString()),
            new LeasedResource("snapshots/overlayfs", "key"));
    assertEquals(expected, Set.copyOf(stores.leases.resources(SCOPE, "l")));
    assertFails(ErrorKind.NOT_FOUND, () -> stores.put(SCOPE.withLease("none"), "other", Map.of()));
    stores.images.delete(SCOPE, "x");
    assertEquals(2, stores.leases.resources(SCOPE, "l").size());
    assertEquals("l", stores.leases.list(SCOPE, List.of("labels.k==v")).getFirst().id());
    assertEquals(List.of(), stores.leases.list(SCOPE, List.of("id==m")));
    stores.leases.delete(SCOPE, "l");
    assertFails(ErrorKind.NOT_FOUND, () -> stores.leases.resources(SCOPE, "l"));
  }

  @Test
  void lease_takesKnownResourcesOnly() {
    stores.leases.create(SCOPE, "l", Map.of());
    LeasedResource resource = new LeasedResource("snapshots/native", "k");
    stores.leases.addResource(SCOPE, "l", resource);
    stores.leases.addResource(SCOPE, "l", resource);
    assertEquals(List.of(resource), stores.leases.resources(SCOPE, "l"));
    stores.leases.deleteResource(SCOPE, "l", resource);
    assertEquals(List.of(), stores.leases.resources(SCOPE, "l"));
    for (String type : List.of("snapshots/", "snapshot", "containers", "")) {
      assertFails(
          ErrorKind.INVALID_ARGUMENT,
          () -> stores.leases.addResource(SCOPE, "l", new LeasedResource(type, "k")));
    }
    assertFails(ErrorKind.NOT_FOUND, () -> stores.leases.addResource(SCOPE, "m", resource));
    assertFails(ErrorKind.NOT_FOUND, () -> stores.leases.delete(SCOPE, "m"));
  }
}
