package org.felucca.metadata;

import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a snapshot goes, and who waits for what. */
class SnapshotRemovalTest {

  private static final String O = "overlayfs";
  private static final Scope QUICK = SCOPE.withDurability(Durability.ENGINE_CRASH);

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
    stores.overlay.onRemove = id -> {};
    stores.close();
  }

  /** On a thread of its own: those that all share may be too few on a small machine. */
  private static CompletableFuture<Void> begun(Runnable work) {
    return CompletableFuture.runAsync(work, task -> Thread.ofPlatform().daemon().start(task));
  }

  private void awaitNoRecord() throws InterruptedException {
    for (int i = 0; !snapshots.list(SCOPE, O, List.of()).isEmpty(); i++) {
      assertTrue(i < 3000, "the record does not go");
      Thread.sleep(10);
    }
  }

  /** Lets deletions wait until the latch is counted down. */
  private CountDownLatch holdDeletions() {
    CountDownLatch go = new CountDownLatch(1);
    stores.overlay.onRemove =
        id -> {
          try {
            go.await();
          } catch (InterruptedException e) {
            throw EngineException.cancelled("the engine ends");
          }
        };
    return go;
  }

  @Test
  void remove_ofDurabilityEngineCrash_doesNotWaitForFiles_butACollectionDoes() throws Exception {
    CountDownLatch go = holdDeletions();
    snapshots.prepare(QUICK, O, "a", null, Map.of());
    snapshots.remove(QUICK, O, "a");
    assertFails(ErrorKind.NOT_FOUND, () -> snapshots.stat(SCOPE, O, "a"));
    assertEquals(1, stores.overlay.files().size());
    CompletableFuture<?> collection = begun(stores.collector::collect);
    assertFalse(collection.isDone());
    go.countDown();
    collection.get(30, TimeUnit.SECONDS);
    assertEquals(Set.of(), stores.overlay.files());
  }

  @Test
  void remove_thatShallSurviveAPowerLoss_waitsForFiles() throws Exception {
    CountDownLatch go = holdDeletions();
    snapshots.prepare(SCOPE, O, "a", null, Map.of());
    CompletableFuture<Void> removal = begun(() -> snapshots.remove(SCOPE, O, "a"));
    // The key is free at once, for it is the record that has it.
    awaitNoRecord();
    snapshots.prepare(SCOPE, O, "a", null, Map.of());
    assertFalse(removal.isDone());
    go.countDown();
    removal.get(30, TimeUnit.SECONDS);
    assertEquals(1, stores.overlay.files().size());
  }

  @Test
  void remove_whenManyDeletionsWait_isSlowedDownToTheirSpeed() throws Exception {
    CountDownLatch go = holdDeletions();
    CompletableFuture<Void> removals =
        begun(
            () -> {
              for (int i = 0; i < 200; i++) {
                snapshots.prepare(QUICK, O, "a" + i, null, Map.of());
                snapshots.remove(QUICK, O, "a" + i);
              }
            });
    assertThrows(TimeoutException.class, () -> removals.get(500, TimeUnit.MILLISECONDS));
    go.countDown();
    removals.get(30, TimeUnit.SECONDS);
    stores.collector.collect();
    assertEquals(Set.of(), stores.overlay.files());
  }

  @Test
  void files_thatWereNotDeletedBeforeTheEnd_goWithTheNextStart() {
    holdDeletions();
    snapshots.prepare(QUICK, O, "a", null, Map.of());
    snapshots.prepare(QUICK, O, "b", null, Map.of());
    snapshots.remove(QUICK, O, "a");
    snapshots.remove(QUICK, O, "b");
    stores.close();
    assertEquals(2, stores.overlay.files().size());
    open();
    snapshots.prepare(QUICK, O, "a", null, Map.of());
    assertEquals(1, stores.overlay.files().size());
  }

  @Test
  void remove_whileACommitIsUnderWay_winsAndLeavesNothing() throws Exception {
    snapshots.prepare(SCOPE, O, "a", null, Map.of());
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    stores.overlay.onCommit =
        (SnapshotRef ref) -> {
          inside.countDown();
          try {
            go.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        };
    CompletableFuture<Void> commit = begun(() -> snapshots.commit(SCOPE, O, "n", "a", Map.of()));
    inside.await();
    CompletableFuture<Void> removal = begun(() -> snapshots.remove(SCOPE, O, "a"));
    // Its files are only deleted when nobody works on them any more.
    awaitNoRecord();
    assertEquals(1, stores.overlay.files().size());
    go.countDown();
    ExecutionException failure = assertThrows(ExecutionException.class, commit::get);
    assertEquals(ErrorKind.NOT_FOUND, ((EngineException) failure.getCause()).kind());
    removal.get(30, TimeUnit.SECONDS);
    assertEquals(Set.of(), stores.overlay.files());
  }

  @Test
  void remove_ofACommittedOne_isDurableWhateverIsAsked_andRefusedUnderAChild() {
    snapshots.prepare(QUICK, O, "extract", null, Map.of());
    snapshots.commit(QUICK, O, "base", "extract", Map.of());
    snapshots.prepare(QUICK, O, "child", "base", Map.of());
    assertFails(ErrorKind.FAILED_PRECONDITION, () -> snapshots.remove(QUICK, O, "base"));
    assertEquals(SnapshotKind.COMMITTED, snapshots.stat(SCOPE, O, "base").kind());
    snapshots.remove(QUICK, O, "child");
    snapshots.remove(QUICK, O, "base");
    assertFails(ErrorKind.NOT_FOUND, () -> snapshots.remove(QUICK, O, "base"));
    stores.collector.collect();
    assertEquals(Set.of(), stores.overlay.files());
  }
}
