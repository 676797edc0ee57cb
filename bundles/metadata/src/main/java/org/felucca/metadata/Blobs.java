package org.felucca.metadata;

import java.util.HashSet;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.BlobInfo;
import org.felucca.api.content.BlobStore;
import org.felucca.api.content.Digest;
import org.felucca.api.content.IngestStatus;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * The blob store below the records, and the rule by which its blobs go: a blob without a record in
 * any namespace is deleted, under the lock of its digest, which everybody holds who is about to
 * make a record of a stored blob. For this bundle only.
 */
@Component(service = Blobs.class)
public final class Blobs {

  private static final Logger LOG = Logger.getLogger(Blobs.class.getName());

  private final Database database;
  private final BlobStore store;
  private final KeyedLocks<Digest> locks = new KeyedLocks<>();

  @Activate
  public Blobs(@Reference Database database, @Reference BlobStore store) {
    this.database = database;
    this.store = store;
  }

  BlobStore store() {
    return store;
  }

  /** Held from before a blob is looked for or stored until its record is committed. */
  KeyedLocks.Held lock(Digest digest) {
    return locks.lock(digest);
  }

  /** The stored blob, or null. */
  @Nullable BlobInfo find(Digest digest) {
    try {
      return store.stat(digest);
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  /**
   * Deletes a blob unless a record names it; a failure is reported, and the next sweep tries again.
   *
   * @return how many bytes that freed
   */
  long release(Digest digest) {
    try (KeyedLocks.Held _ = locks.lockAlways(digest)) {
      if (!database.incomplete() && !isNamed(digest)) {
        long size = store.stat(digest).size();
        store.delete(digest);
        return size;
      }
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        LOG.log(Level.WARNING, "blob not deleted digest=" + digest, e);
      }
    }
    return 0;
  }

  private boolean isNamed(Digest digest) {
    return database.writeAlways(
        Durability.ENGINE_CRASH,
        t ->
            t.sql().number("SELECT count(*) FROM content WHERE digest = ?", digest)
                    + t.sql().number("SELECT count(*) FROM ingests WHERE shared = ?", digest)
                > 0);
  }

  /** Throws the files of an ingest away; quiet if there are none. */
  void abort(String backing) {
    try {
      store.abort(backing);
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        LOG.log(Level.WARNING, "ingest not deleted ref=" + backing, e);
      }
    }
  }

  /** Deletes what a crash has left: blobs and ingests without a record. */
  void sweep() {
    if (database.incomplete()) {
      return;
    }
    Set<String> before = new HashSet<>();
    for (IngestStatus ingest : store.ingests()) {
      before.add(ingest.ref());
    }
    // The records are read after the files, and a record is made before its files: so what has none
    // is left over.
    Set<String> recorded = new HashSet<>();
    Set<String> digests = new HashSet<>();
    Set<Digest> unknown = new HashSet<>();
    store.walk(blob -> unknown.add(blob.digest()));
    database.read(
        sql -> {
          recorded.addAll(sql.all("SELECT backing FROM ingests", row -> row.getString(1)));
          digests.addAll(sql.all("SELECT DISTINCT digest FROM content", row -> row.getString(1)));
          return true;
        });
    before.removeAll(recorded);
    before.forEach(this::abort);
    unknown.removeIf(digest -> digests.contains(digest.toString()));
    unknown.forEach(this::release);
    if (!before.isEmpty() || !unknown.isEmpty()) {
      LOG.log(
          Level.INFO,
          "content swept blobs={0} ingests={1}",
          new Object[] {unknown.size(), before.size()});
    }
  }
}
