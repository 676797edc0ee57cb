package org.felucca.metadata;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.content.Digest;
import org.felucca.api.event.Event;
import org.felucca.api.gc.Collected;
import org.felucca.api.gc.Collector;
import org.felucca.api.gc.Garbage;
import org.felucca.api.gc.Keeping;
import org.felucca.api.gc.Retention;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * The collector. It marks in a reading transaction, beside everybody else. Only if there is garbage
 * it takes records away, some at a time in one change; if anything else has changed since it
 * looked, it looks again inside that change, where nothing can. Their files go afterwards, outside
 * of any lock but their own; then it looks for the rest.
 */
@Component(immediate = true)
public final class RecordCollector implements Collector, Retention {

  private static final Logger LOG = Logger.getLogger(RecordCollector.class.getName());

  /** Of how many things the records go in one change. */
  private static final int AT_ONCE = 500;

  private final Database database;
  private final Blobs blobs;
  private final SnapshotRecords snapshots;
  private final CollectionPlan plan;
  private final ReentrantLock one = new ReentrantLock();
  private final Thread sweeper;

  /**
   * Begins with a sweep of what crashes have left of blobs, beside everything else; then collects
   * as it is planned.
   */
  @Activate
  public RecordCollector(
      @Reference Database database,
      @Reference Blobs blobs,
      @Reference SnapshotRecords snapshots,
      @Reference CollectionPlan plan) {
    this.database = database;
    this.blobs = blobs;
    this.snapshots = snapshots;
    this.plan = plan;
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
        plan.await();
        try {
          collect();
        } catch (EngineException e) {
          if (e.kind() == ErrorKind.CANCELLED) {
            continue; // stopped
          }
          plan.failed();
          LOG.log(Level.WARNING, "garbage not collected next=" + plan.planned(), e);
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
    return collectAfter(() -> {});
  }

  @Override
  public Collected collectAfter(Runnable deletions) {
    try {
      one.lockInterruptibly();
      Collected collected;
      try {
        deletions.run();
        collected = collectAlone();
      } catch (RuntimeException e) {
        plan.garbageLeft(); // a look that did not come to its end has taken the plan for one away
        throw e;
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
    int blobs = 0;
    int snapshotsGone = 0;
    long bytes = 0;
    while (true) {
      plan.begun();
      long begin = System.nanoTime();
      Instant now = Instant.now();
      long ended = database.ended();
      ReferenceGraph.Garbage seen = database.read(sql -> ReferenceGraph.garbage(sql, now));
      plan.ended(Duration.ofNanos(System.nanoTime() - begin));
      if (seen.nextExpiry() != null) {
        plan.at(seen.nextExpiry());
      }
      if (seen.isEmpty()) {
        plan.succeeded();
        return new Collected(blobs, snapshotsGone, bytes);
      }
      Dropped dropped = dropSome(seen, ended, now);
      bytes += dropped.snapshotBytes() + deleteFiles(dropped.records());
      blobs += dropped.records().content().size();
      snapshotsGone += dropped.records().snapshots().size();
      if (dropped.isAll()) {
        plan.succeeded();
        return new Collected(blobs, snapshotsGone, bytes);
      }
    }
  }

  /**
   * What has lost its records.
   *
   * @param isAll whether nothing else was to go
   */
  private record Dropped(ReferenceGraph.Garbage records, long snapshotBytes, boolean isAll) {}

  /** Takes records away in one change, which other changes wait for: so not too many at once. */
  private Dropped dropSome(ReferenceGraph.Garbage seen, long ended, Instant now) {
    return database.write(
        Durability.POWER_LOSS,
        t -> {
          t.makesRoom();
          ReferenceGraph.Garbage still =
              database.isUnchangedSince(ended) ? seen : ReferenceGraph.garbage(t.sql(), now);
          ReferenceGraph.Garbage part = still.part(AT_ONCE);
          long bytes = part.snapshots().stream().mapToLong(s -> bytes(t.sql(), s)).sum();
          drop(t, part);
          return new Dropped(part, bytes, part.size() == still.size());
        });
  }

  private long deleteFiles(ReferenceGraph.Garbage gone) {
    for (ReferenceGraph.Snapshot snapshot : gone.snapshots()) {
      snapshots.deleteFiles(snapshot.node().snapshotter(), snapshot.number());
    }
    gone.ingests().values().forEach(blobs::abort);
    long bytes = 0;
    for (Node blob : gone.content()) {
      bytes += blobs.release(Digest.parse(blob.key()));
    }
    LOG.log(
        Level.INFO,
        "garbage collected blobs={0} snapshots={1} ingests={2} leases={3} images={4}",
        new Object[] {
          gone.content().size(),
          gone.snapshots().size(),
          gone.ingests().size(),
          gone.leases().size(),
          gone.images().size()
        });
    return bytes;
  }

  /** What a committed one takes was counted then; the others are not. */
  private static long bytes(Sql sql, ReferenceGraph.Snapshot snapshot) {
    return sql.number("SELECT bytes FROM snapshots WHERE id = ?", snapshot.number());
  }

  private static void drop(Transaction t, ReferenceGraph.Garbage garbage) {
    for (Node lease : garbage.leases()) {
      LeaseRecords.drop(t, lease.namespace(), lease.key());
    }
    for (Node image : garbage.images()) {
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
      Node node = snapshot.node();
      t.happened(
          new Namespace(node.namespace()),
          new Event.SnapshotRemove(node.name(), node.snapshotter()));
    }
    for (Node ingest : garbage.ingests().keySet()) {
      ContentRecords.dropIngest(t, ingest.namespace(), ingest.key());
    }
    for (Node blob : garbage.content()) {
      ContentRecords.drop(t, new Namespace(blob.namespace()), blob.key());
    }
  }

  @Override
  public List<Garbage> garbage() {
    return database.read(
        sql -> {
          ReferenceGraph.Garbage found = ReferenceGraph.garbage(sql, Instant.now());
          List<Garbage> all = new ArrayList<>();
          found.images().forEach(image -> all.add(new Garbage(image.thing(), 0)));
          found.snapshots().forEach(s -> all.add(new Garbage(s.node().thing(), bytes(sql, s))));
          blobs(sql, found.content(), all);
          found.ingests().keySet().forEach(ingest -> all.add(new Garbage(ingest.thing(), 0)));
          found.leases().forEach(lease -> all.add(new Garbage(lease.thing(), 0)));
          return all;
        });
  }

  /** A blob that several namespaces give up is counted once, one that another keeps not at all. */
  private static void blobs(Sql sql, List<Node> content, List<Garbage> all) {
    Map<String, Integer> given = new HashMap<>();
    content.forEach(blob -> given.merge(blob.key(), 1, Integer::sum));
    Set<String> counted = new HashSet<>();
    for (Node blob : content) {
      boolean frees =
          sql.number("SELECT count(*) FROM content WHERE digest = ?", blob.key())
                  == given.getOrDefault(blob.key(), 0)
              && counted.add(blob.key());
      all.add(
          new Garbage(
              blob.thing(),
              frees ? sql.number("SELECT size FROM content WHERE digest = ?", blob.key()) : 0));
    }
  }

  @Override
  public List<Keeping> why(Namespace namespace, String name) {
    return database.read(
        sql -> {
          List<Node> things = NamedThings.find(sql, namespace, name);
          KeepingChains chains = new KeepingChains(ReferenceGraph.read(sql, Instant.now()));
          Instant planned = plan.planned();
          return things.stream().map(thing -> chains.of(thing, planned)).toList();
        });
  }
}
