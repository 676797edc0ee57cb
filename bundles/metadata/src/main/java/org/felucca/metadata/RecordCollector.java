package org.felucca.metadata;

import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.content.Digest;
import org.felucca.api.event.Event;
import org.felucca.api.gc.Collected;
import org.felucca.api.gc.Collector;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * The collector. It marks in a reading transaction, beside everybody else. Only if there is garbage
 * it takes the records away in one change; if anything else has changed since it looked, it looks
 * again inside that change, where nothing can. The files go afterwards, outside of any lock but
 * their own.
 */
@Component(immediate = true)
public final class RecordCollector implements Collector {

  private static final Logger LOG = Logger.getLogger(RecordCollector.class.getName());

  private final Database database;
  private final Blobs blobs;
  private final SnapshotRecords snapshots;
  private final Expiries expiries;
  private final ReentrantLock one = new ReentrantLock();
  private final Thread sweeper;

  /**
   * Begins with a sweep of what crashes have left of blobs, beside everything else; then collects
   * what expires.
   */
  @Activate
  public RecordCollector(
      @Reference Database database,
      @Reference Blobs blobs,
      @Reference SnapshotRecords snapshots,
      @Reference Expiries expiries) {
    this.database = database;
    this.blobs = blobs;
    this.snapshots = snapshots;
    this.expiries = expiries;
    sweeper = Thread.ofPlatform().daemon().name("metadata-sweep").start(this::sweep);
  }

  @Deactivate
  void stop() {
    sweeper.interrupt();
    try {
      sweeper.join(10_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sweep() {
    sweepBlobs();
    try {
      while (true) {
        expiries.await();
        try {
          collect();
        } catch (EngineException e) {
          LOG.log(Level.WARNING, "what has expired is not collected", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // stopped
    }
  }

  private void sweepBlobs() {
    try {
      blobs.sweep();
    } catch (EngineException e) {
      LOG.log(Level.INFO, "content not swept reason={0}", e.getMessage());
    }
  }

  @Override
  public Collected collect() {
    try {
      one.lockInterruptibly();
      Collected collected;
      try {
        collected = collectAlone();
      } finally {
        one.unlock();
      }
      snapshots.awaitDeletions();
      return collected;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("collecting garbage was cancelled");
    }
  }

  private Collected collectAlone() {
    Instant now = Instant.now();
    long ended = database.ended();
    ReferenceGraph.Garbage seen = database.read(sql -> ReferenceGraph.garbage(sql, now));
    if (seen.nextExpiry() != null) {
      expiries.at(seen.nextExpiry());
    }
    if (seen.isEmpty()) {
      return new Collected(0, 0, 0);
    }
    long[] bytes = {0};
    ReferenceGraph.Garbage gone =
        database.write(
            Durability.POWER_LOSS,
            t -> {
              t.makesRoom();
              ReferenceGraph.Garbage still =
                  database.isUnchangedSince(ended) ? seen : ReferenceGraph.garbage(t.sql(), now);
              bytes[0] = snapshotBytes(t.sql(), still);
              drop(t, still);
              return still;
            });
    for (ReferenceGraph.Snapshot snapshot : gone.snapshots()) {
      snapshots.deleteFiles(snapshot.snapshotter(), snapshot.number());
    }
    gone.ingests().values().forEach(blobs::abort);
    for (ReferenceGraph.Node blob : gone.content()) {
      bytes[0] += blobs.release(Digest.parse(blob.key()));
    }
    LOG.log(
        Level.INFO,
        "garbage collected blobs={0} snapshots={1} ingests={2} leases={3}",
        new Object[] {
          gone.content().size(),
          gone.snapshots().size(),
          gone.ingests().size(),
          gone.leases().size()
        });
    return new Collected(gone.content().size(), gone.snapshots().size(), bytes[0]);
  }

  /** What committed ones take was counted then; the others are not. */
  private static long snapshotBytes(Sql sql, ReferenceGraph.Garbage garbage) {
    return garbage.snapshots().stream()
        .mapToLong(s -> sql.number("SELECT bytes FROM snapshots WHERE id = ?", s.number()))
        .sum();
  }

  private static void drop(Transaction t, ReferenceGraph.Garbage garbage) {
    for (ReferenceGraph.LeaseKey lease : garbage.leases()) {
      LeaseRecords.drop(t, lease.namespace(), lease.id());
    }
    for (ReferenceGraph.Node image : garbage.images()) {
      t.sql()
          .update(
              "DELETE FROM images WHERE namespace = ? AND name = ?",
              image.namespace(),
              image.key());
      LeasedRows.forget(t, image.namespace(), LeasedRows.IMAGES, image.key());
      t.happened(new Namespace(image.namespace()), new Event.ImageDelete(image.key()));
    }
    for (ReferenceGraph.Snapshot snapshot : garbage.snapshots()) {
      SnapshotChanges.drop(t, snapshot.number());
      t.happened(
          new Namespace(snapshot.namespace()),
          new Event.SnapshotRemove(snapshot.name(), snapshot.snapshotter()));
    }
    for (ReferenceGraph.Node ingest : garbage.ingests().keySet()) {
      ContentRecords.dropIngest(t, ingest.namespace(), ingest.key());
    }
    for (ReferenceGraph.Node blob : garbage.content()) {
      ContentRecords.drop(t, new Namespace(blob.namespace()), blob.key());
    }
  }
}
