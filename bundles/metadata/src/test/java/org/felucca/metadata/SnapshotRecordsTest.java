package org.felucca.metadata;

import static org.felucca.metadata.Stores.OTHER;
import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.event.Event;
import org.felucca.api.lease.LeasedResource;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.api.snapshot.SnapshotterInfo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotRecordsTest {

  private static final String O = "overlayfs";

  @TempDir Path folder;
  private Stores stores;
  private SnapshotRecords snapshots;

  @BeforeEach
  void open() {
    stores = new Stores(folder);
    snapshots = stores.snapshots;
  }

  @AfterEach
  void close() {
    stores.close();
  }

  private void reopen() {
    stores.close();
    open();
  }

  private List<Mount> prepare(String key, String parent) {
    return snapshots.prepare(SCOPE, O, key, parent, Map.of());
  }

  private void layer(String name, String parent) {
    prepare("extract " + name, parent);
    snapshots.commit(SCOPE, O, name, "extract " + name, Map.of());
  }

  @Test
  void chain_isPassedToTheSnapshotterNearestFirst() {
    layer("one", null);
    layer("two", "one");
    layer("three", "two");
    List<Mount> mounts = prepare("c", "three");
    List<String> ids = stores.overlay.prepared.stream().map(r -> r.id()).toList();
    assertEquals(List.of(ids.get(2), ids.get(1), ids.get(0)), mounts.getFirst().options());
    assertEquals(mounts, snapshots.mounts(SCOPE, O, "c"));
    SnapshotInfo info = snapshots.stat(SCOPE, O, "three");
    assertEquals("two", info.parent());
    assertEquals(SnapshotKind.COMMITTED, info.kind());
    assertNull(snapshots.stat(SCOPE, O, "one").parent());
    assertEquals(new SnapshotUsage(3, 4096), snapshots.usage(SCOPE, O, "three"));
    assertEquals(new SnapshotUsage(1, 1), snapshots.usage(SCOPE, O, "c"));
    reopen();
    assertEquals(mounts, snapshots.mounts(SCOPE, O, "c"));
    assertEquals(Set.copyOf(ids), stores.overlay.files());
  }

  @Test
  void names_areCheckedAsInContainerd() {
    layer("base", null);
    prepare("a", "base");
    snapshots.view(SCOPE, O, "v", "base", Map.of());
    assertFails(ErrorKind.ALREADY_EXISTS, () -> prepare("a", null));
    assertFails(ErrorKind.NOT_FOUND, () -> prepare("b", "none"));
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> prepare("b", "a"));
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> prepare("", null));
    assertFails(ErrorKind.FAILED_PRECONDITION, () -> snapshots.mounts(SCOPE, O, "base"));
    assertFails(ErrorKind.NOT_FOUND, () -> snapshots.mounts(SCOPE, O, "b"));
    assertFails(ErrorKind.NOT_FOUND, () -> snapshots.stat(OTHER, O, "a"));
    assertFails(ErrorKind.NOT_FOUND, () -> snapshots.remove(SCOPE, O, "b"));
    assertFails(ErrorKind.FAILED_PRECONDITION, () -> snapshots.remove(SCOPE, O, "base"));
    assertFails(
        ErrorKind.FAILED_PRECONDITION, () -> snapshots.commit(SCOPE, O, "x", "v", Map.of()));
    assertFails(ErrorKind.ALREADY_EXISTS, () -> snapshots.commit(SCOPE, O, "base", "a", Map.of()));
    assertFails(ErrorKind.NOT_FOUND, () -> snapshots.commit(SCOPE, O, "x", "none", Map.of()));
    assertEquals(SnapshotKind.ACTIVE, snapshots.stat(SCOPE, O, "a").kind());
    for (String key : List.of("a", "v", "base")) {
      snapshots.remove(SCOPE, O, key);
    }
    assertEquals(Set.of(), stores.overlay.files());
    assertEquals(List.of(), snapshots.list(SCOPE, O, List.of()));
  }

  @Test
  void snapshotter_thatIsNotThere_isAnArgumentError() {
    assertEquals(List.of(O), snapshots.snapshotters());
    assertFails(
        ErrorKind.INVALID_ARGUMENT, () -> snapshots.prepare(SCOPE, "zfs", "a", null, Map.of()));
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> snapshots.list(SCOPE, "zfs", List.of()));
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> snapshots.usage(SCOPE, "zfs", "a"));
  }

  @Test
  void snapshotter_thatIsReplaced_isWaitedFor() throws Exception {
    Map<String, Object> properties = Map.of(Snapshotter.NAME, O);
    prepare("a", null);
    stores.snapshotters.gone(stores.overlay, properties);
    CompletableFuture<List<Mount>> waiting =
        CompletableFuture.supplyAsync(() -> snapshots.mounts(SCOPE, O, "a"));
    Thread.sleep(50);
    TestingSnapshotter next = new TestingSnapshotter(folder.resolve("snapshots"));
    stores.snapshotters.add(next, () -> next, properties);
    assertEquals(1, waiting.get(5, TimeUnit.SECONDS).size());
  }

  @Test
  void snapshotter_nobodyUses_isNeitherAskedForNorSwept() {
    int[] asked = new int[1];
    TestingSnapshotter other = new TestingSnapshotter(folder.resolve("other"));
    stores.snapshotters.add(
        other,
        () -> {
          asked[0]++;
          return other;
        },
        Map.of(Snapshotter.NAME, "other"));
    assertEquals(List.of("other", O), snapshots.snapshotters());
    assertEquals(List.of(), snapshots.list(SCOPE, "other", List.of()));
    assertEquals(0, asked[0] + other.sweeps);
    other.refusal = "it has no disk";
    assertEquals(new SnapshotterInfo("other", "it has no disk"), snapshots.snapshotter("other"));
    snapshots.prepare(SCOPE, "other", "k", null, Map.of());
    assertEquals(2, asked[0] + other.sweeps);
  }

  @Test
  void snapshotter_thatGoes_isGoneWhenItsCallsAre() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    stores.overlay.onPrepare =
        ref -> {
          inside.countDown();
          try {
            go.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        };
    CompletableFuture<List<Mount>> call = CompletableFuture.supplyAsync(() -> prepare("a", null));
    inside.await();
    CompletableFuture<Void> removal =
        CompletableFuture.runAsync(
            () -> stores.snapshotters.gone(stores.overlay, Map.of(Snapshotter.NAME, O)));
    Thread.sleep(50);
    assertTrue(!removal.isDone());
    go.countDown();
    assertEquals(1, call.get(5, TimeUnit.SECONDS).size());
    removal.get(5, TimeUnit.SECONDS);
    assertEquals(List.of(), snapshots.snapshotters());
  }

  @Test
  void labels_areInheritedOnlyWhereSnapshottersReadThem() {
    Map<String, String> labels =
        Map.of("mine", "1", "containerd.io/snapshot/x", "2", "containerd.io/gc.root", "3");
    snapshots.prepare(SCOPE, O, "a", null, labels);
    assertEquals(labels, snapshots.stat(SCOPE, O, "a").labels());
    assertEquals(
        Map.of("containerd.io/snapshot/x", "2"), stores.overlay.prepared.getFirst().labels());
    snapshots.commit(SCOPE, O, "n", "a", Map.of("containerd.io/snapshot.ref", "n", "y", "z"));
    assertEquals(
        Map.of("containerd.io/snapshot.ref", "n"), stores.overlay.committed.getFirst().labels());
    assertEquals(
        Map.of("y", "z"),
        snapshots.update(SCOPE, O, "n", Map.of("y", "z"), Set.of("labels")).labels());
    assertEquals(1, snapshots.list(SCOPE, O, List.of("kind==committed,labels.y==z")).size());
    assertEquals(0, snapshots.list(SCOPE, O, List.of("kind==active")).size());
    assertEquals(1, snapshots.list(SCOPE, O, List.of("name==n,parent==\"\"")).size());
  }

  @Test
  void prepare_ofAKnownTarget_isRefusedAndLeased() {
    layer("chain", null);
    stores.leases.create(SCOPE, "l", Map.of());
    assertFails(
        ErrorKind.ALREADY_EXISTS,
        () ->
            snapshots.prepare(
                SCOPE.withLease("l"),
                O,
                "extract",
                null,
                Map.of("containerd.io/snapshot.ref", "chain")));
    assertEquals(
        List.of(new LeasedResource("snapshots/overlayfs", "chain")),
        stores.leases.resources(SCOPE, "l"));
  }

  @Test
  void prepare_ofATargetThatARemoteSnapshotterFinds_isTakenOver() {
    stores.overlay.onPrepare =
        ref -> {
          throw EngineException.alreadyExists("found in a registry");
        };
    assertFails(
        ErrorKind.ALREADY_EXISTS,
        () ->
            snapshots.prepare(
                SCOPE, O, "extract", null, Map.of("containerd.io/snapshot.ref", "chain")));
    assertEquals(SnapshotKind.COMMITTED, snapshots.stat(SCOPE, O, "chain").kind());
    stores.overlay.onPrepare = ref -> {};
    prepare("c", "chain");
    assertEquals(
        List.of(stores.overlay.prepared.getFirst().id()),
        stores.overlay.prepared.getLast().ancestors());
  }

  @Test
  void prepare_thatFails_leavesNothing() {
    stores.overlay.onPrepare =
        ref -> {
          throw EngineException.precondition("this file system can't");
        };
    stores.leases.create(SCOPE, "l", Map.of());
    assertFails(
        ErrorKind.FAILED_PRECONDITION,
        () -> snapshots.prepare(SCOPE.withLease("l"), O, "a", null, Map.of()));
    assertEquals(Set.of(), stores.overlay.files());
    assertEquals(List.of(), stores.leases.resources(SCOPE, "l"));
    assertFails(ErrorKind.NOT_FOUND, () -> snapshots.stat(SCOPE, O, "a"));
    assertEquals(List.of(), stores.events.events());
    stores.overlay.onPrepare = ref -> {};
    prepare("a", null);
  }

  @Test
  void lease_followsACommit() {
    stores.leases.create(SCOPE, "l", Map.of());
    snapshots.prepare(SCOPE.withLease("l"), O, "a", null, Map.of());
    snapshots.commit(SCOPE.withLease("l"), O, "n", "a", Map.of());
    assertEquals(
        List.of(new LeasedResource("snapshots/overlayfs", "n")),
        stores.leases.resources(SCOPE, "l"));
    assertEquals(
        List.of(new Event.SnapshotPrepare("a", "", O), new Event.SnapshotCommit("a", "n", O)),
        stores.events.events());
  }

  @Test
  void commit_ofASnapshotThatIsCollectedMeanwhile_isToldSo() {
    prepare("extract", null);
    stores.overlay.onCommit =
        ref ->
            stores.database.write(
                Durability.ENGINE_CRASH, t -> t.sql().update("DELETE FROM snapshots"));
    assertFails(ErrorKind.NOT_FOUND, () -> snapshots.commit(SCOPE, O, "n", "extract", Map.of()));
    assertEquals(List.of(), snapshots.list(SCOPE, O, List.of()));
  }

  @Test
  void ids_neverComeTwice() {
    prepare("a", null);
    String first = stores.overlay.prepared.getFirst().id();
    snapshots.remove(SCOPE, O, "a");
    // As after a crash: the database is opened anew without having been closed.
    Stores crashed = stores;
    open();
    prepare("a", null);
    assertNotEquals(first, stores.overlay.prepared.getFirst().id());
    crashed.close();
  }

  @Test
  void kill_inPrepare_isRolledBack() throws Exception {
    layer("base", null);
    Set<String> before = stores.overlay.files();
    stores.close();
    Process child =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Hangs.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = child.inputReader()) {
      assertEquals("made", out.readLine());
      assertEquals("inside", out.readLine());
    } finally {
      child.destroyForcibly().waitFor();
    }
    open();
    assertEquals(SnapshotKind.ACTIVE, snapshots.stat(SCOPE, O, "made").kind());
    assertFails(ErrorKind.NOT_FOUND, () -> snapshots.stat(SCOPE, O, "hangs"));
    assertEquals(1, snapshots.mounts(SCOPE, O, "made").size());
    assertEquals(before.size() + 1, stores.overlay.files().size());
    prepare("hangs", "base");
    snapshots.remove(SCOPE, O, "hangs");
    snapshots.remove(SCOPE, O, "made");
    snapshots.remove(SCOPE, O, "base");
  }

  /** Makes a snapshot without a synchronisation of the disk, and hangs in the making of another. */
  static final class Hangs {
    private Hangs() {}

    public static void main(String[] args) {
      Stores stores = new Stores(Path.of(args[0]));
      stores.snapshots.prepare(
          SCOPE.withDurability(Durability.ENGINE_CRASH), O, "made", "base", Map.of());
      System.out.println("made");
      stores.overlay.onPrepare =
          ref -> {
            System.out.println("inside");
            try {
              Thread.sleep(60_000);
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          };
      stores.snapshots.prepare(
          SCOPE.withDurability(Durability.ENGINE_CRASH), O, "hangs", "base", Map.of());
    }
  }
}
