package org.felucca.metadata;

import java.nio.ByteBuffer;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.content.BlobInfo;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentInfo;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Digest;
import org.felucca.api.content.Ingest;
import org.felucca.api.content.IngestStatus;
import org.felucca.api.content.LabelledIngest;
import org.felucca.api.event.Event;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filters;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The blobs that each namespace has, and its ingests. */
@Component
public final class ContentRecords implements ContentService {

  /** How long an ingest without a lease is kept. */
  private static final Duration INGEST_LIFE = Duration.ofHours(24);

  private static final int LONGEST_REF = 4096;
  private static final String COLUMNS =
      "SELECT digest, size, labels, created, updated FROM content WHERE namespace = ?";

  private final Database database;
  private final Blobs blobs;

  @Activate
  public ContentRecords(@Reference Database database, @Reference Blobs blobs) {
    this.database = database;
    this.blobs = blobs;
  }

  private static ContentInfo read(ResultSet row) throws SQLException {
    String digest = row.getString(1);
    return new ContentInfo(
        Columns.digest(digest),
        row.getLong(2),
        Columns.time(row.getLong(4)),
        Columns.time(row.getLong(5)),
        Columns.map(row.getString(3), "blob " + digest));
  }

  private static Fields fields(ContentInfo info) {
    return path ->
        switch (path.getFirst()) {
          case "digest" -> Optional.of(info.digest().toString());
          case "size" -> Optional.of(Long.toString(info.size()));
          case "labels" -> Fields.inMap(info.labels(), path);
          default -> Optional.empty();
        };
  }

  static @Nullable ContentInfo find(Sql sql, Namespace namespace, Digest digest) {
    return sql.first(COLUMNS + " AND digest = ?", ContentRecords::read, namespace, digest);
  }

  private static ContentInfo required(Sql sql, Namespace namespace, Digest digest) {
    ContentInfo info = find(sql, namespace, digest);
    if (info == null) {
      throw EngineException.notFound(
          "blob %s does not exist in namespace %s".formatted(digest, namespace));
    }
    return info;
  }

  @Override
  public ContentInfo info(Scope scope, Digest digest) {
    return database.read(sql -> required(sql, scope.namespace(), digest));
  }

  @Override
  public ContentInfo update(
      Scope scope, Digest digest, Map<String, String> labels, Set<String> paths) {
    return database.write(
        scope.durability(),
        t -> {
          ContentInfo before = required(t.sql(), scope.namespace(), digest);
          ContentInfo after =
              new ContentInfo(
                  digest,
                  before.size(),
                  before.createdAt(),
                  Instant.now(),
                  Labels.changed("blob " + digest, before.labels(), labels, paths));
          t.sql()
              .update(
                  "UPDATE content SET labels = ?, updated = ? WHERE namespace = ? AND digest = ?",
                  Columns.write(after.labels()),
                  Columns.write(after.updatedAt()),
                  scope.namespace(),
                  digest);
          t.labelled("blob " + digest, after.labels());
          LeasedRows.add(t, scope, LeasedRows.CONTENT, digest.toString());
          return after;
        });
  }

  @Override
  public List<ContentInfo> list(Scope scope, List<String> filters) {
    Predicate<Fields> filter = Filters.parseAll(filters);
    return database.read(
        sql ->
            sql.readable(
                COLUMNS,
                row -> {
                  ContentInfo info = read(row);
                  return filter.test(fields(info)) ? info : null;
                },
                scope.namespace()));
  }

  @Override
  public BlobReader open(Scope scope, Digest digest) {
    info(scope, digest);
    return blobs.store().open(digest);
  }

  @Override
  public byte[] read(Scope scope, Digest digest, int limit) {
    try (BlobReader reader = open(scope, digest)) {
      if (reader.size() > limit) {
        throw new EngineException(
            ErrorKind.RESOURCE_EXHAUSTED,
            "blob %s has %d bytes; at most %d are read".formatted(digest, reader.size(), limit));
      }
      ByteBuffer whole = ByteBuffer.allocate((int) reader.size());
      while (whole.hasRemaining() && reader.read(whole, whole.position()) > 0) {}
      return whole.array();
    }
  }

  @Override
  public LabelledIngest ingest(Scope scope, String ref, long total, @Nullable Digest expected) {
    if (ref.isEmpty() || ref.length() > LONGEST_REF) {
      throw EngineException.invalid(
          "the reference of an ingest takes 1 to %d characters, not %d"
              .formatted(LONGEST_REF, ref.length()));
    }
    if (expected == null) {
      return open(scope, ref, total, null, null);
    }
    BlobInfo elsewhere;
    String backing;
    try (KeyedLocks.Held _ = blobs.lock(expected)) {
      BlobInfo stored = blobs.find(expected);
      elsewhere = stored != null && (total == 0 || total == stored.size()) ? stored : null;
      backing = record(scope, ref, expected, elsewhere);
    }
    if (elsewhere != null) {
      return new NamespacedIngest(this, scope, ref, backing, elsewhere);
    }
    try {
      return open(scope, ref, total, expected, backing);
    } catch (EngineException e) {
      // Another namespace has stored it since.
      if (e.kind() == ErrorKind.ALREADY_EXISTS) {
        return ingest(scope, ref, total, expected);
      }
      throw e;
    }
  }

  private LabelledIngest open(
      Scope scope, String ref, long total, @Nullable Digest expected, @Nullable String backing) {
    String recorded = backing == null ? record(scope, ref, null, null) : backing;
    Ingest files = blobs.store().ingest(recorded, total, expected);
    return new NamespacedIngest(this, scope, ref, recorded, files);
  }

  /**
   * Makes or finds the record of an ingest and answers the reference under which the store knows
   * it. What was ingested does not survive a power loss before its commit, so neither need the
   * record.
   */
  private String record(
      Scope scope, String ref, @Nullable Digest expected, @Nullable BlobInfo elsewhere) {
    Instant expires = Instant.now().plus(INGEST_LIFE);
    long number = database.newId();
    String backing =
        database.<@Nullable String>write(
            Durability.ENGINE_CRASH,
            t -> {
              Namespace namespace = scope.namespace();
              NamespaceRecords.ensure(t, namespace);
              if (expected != null && find(t.sql(), namespace, expected) != null) {
                LeasedRows.add(t, scope, LeasedRows.CONTENT, expected.toString());
                return null;
              }
              boolean leased = LeasedRows.add(t, scope, LeasedRows.INGESTS, ref);
              t.sql()
                  .update(
                      "INSERT INTO ingests VALUES (?, ?, ?, ?, ?) ON CONFLICT (namespace, ref)"
                          + " DO UPDATE SET shared = excluded.shared, expires = excluded.expires",
                      namespace,
                      ref,
                      namespace + "/" + number,
                      elsewhere == null ? null : elsewhere.digest(),
                      leased ? null : Columns.write(expires));
              return t.sql()
                  .first(
                      "SELECT backing FROM ingests WHERE namespace = ? AND ref = ?",
                      row -> row.getString(1),
                      namespace,
                      ref);
            });
    if (backing == null) {
      throw EngineException.alreadyExists(
          "blob %s exists already in namespace %s".formatted(expected, scope.namespace()));
    }
    return backing;
  }

  /**
   * Gives a stored blob its record, and strikes out the ingest. The caller holds the blob's lock.
   *
   * @throws EngineException ALREADY_EXISTS if the namespace has it already
   */
  ContentInfo recordBlob(Scope scope, String ref, BlobInfo blob, Map<String, String> labels) {
    Instant now = Instant.now();
    ContentInfo info = new ContentInfo(blob.digest(), blob.size(), now, now, labels);
    boolean made =
        database.writeAlways(
            scope.durability(),
            t -> {
              Namespace namespace = scope.namespace();
              NamespaceRecords.ensure(t, namespace);
              t.sql().update("DELETE FROM ingests WHERE namespace = ? AND ref = ?", namespace, ref);
              LeasedRows.forget(t, namespace.value(), LeasedRows.INGESTS, ref);
              LeasedRows.add(t, scope, LeasedRows.CONTENT, blob.digest().toString());
              int rows =
                  t.sql()
                      .update(
                          "INSERT OR IGNORE INTO content VALUES (?, ?, ?, ?, ?, ?)",
                          namespace,
                          blob.digest(),
                          blob.size(),
                          Columns.write(labels),
                          Columns.write(now),
                          Columns.write(now));
              if (rows > 0) {
                t.labelled("blob " + blob.digest(), labels);
                t.happened(
                    namespace, new Event.ContentCreate(blob.digest().toString(), blob.size()));
              }
              return rows > 0;
            });
    if (!made) {
      throw EngineException.alreadyExists(
          "blob %s exists already in namespace %s".formatted(blob.digest(), scope.namespace()));
    }
    return info;
  }

  Blobs blobs() {
    return blobs;
  }

  @Override
  public ContentInfo put(Scope scope, byte[] bytes, Map<String, String> labels) {
    Digest digest = Digest.sha256(bytes);
    try (LabelledIngest ingest = ingest(scope, "put-" + database.newId(), bytes.length, digest)) {
      if (ingest.status().offset() < bytes.length) {
        ingest.write(ByteBuffer.wrap(bytes));
      }
      return ingest.commit(bytes.length, digest, labels);
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.ALREADY_EXISTS) {
        return info(scope, digest);
      }
      throw e;
    }
  }

  @Override
  public List<IngestStatus> ingests(Scope scope, String refPrefix) {
    Map<String, String> refs = new HashMap<>();
    Map<String, String> shared = new HashMap<>();
    database.read(
        sql ->
            sql.all(
                "SELECT ref, backing, shared FROM ingests WHERE namespace = ?",
                row -> {
                  if (row.getString(1).startsWith(refPrefix)) {
                    refs.put(row.getString(2), row.getString(1));
                    String digest = row.getString(3);
                    if (digest != null) {
                      shared.put(row.getString(1), digest);
                    }
                  }
                  return true;
                },
                scope.namespace()));
    List<IngestStatus> found = new ArrayList<>();
    for (IngestStatus status : blobs.store().ingests()) {
      String ref = refs.get(status.ref());
      if (ref != null && !shared.containsKey(ref)) {
        found.add(NamespacedIngest.renamed(status, ref));
      }
    }
    shared.forEach(
        (ref, digest) -> {
          BlobInfo blob = blobs.find(Columns.digest(digest));
          if (blob != null) {
            found.add(NamespacedIngest.whole(blob, ref));
          }
        });
    return found;
  }

  @Override
  public void abort(Scope scope, String ref) {
    String backing =
        database.write(
            scope.durability(),
            t -> {
              t.makesRoom();
              String found =
                  t.sql()
                      .first(
                          "SELECT backing FROM ingests WHERE namespace = ? AND ref = ?",
                          row -> row.getString(1),
                          scope.namespace(),
                          ref);
              if (found == null) {
                throw EngineException.notFound(
                    "ingest %s does not exist in namespace %s"
                        .formatted(Identifiers.quote(ref), scope.namespace()));
              }
              dropIngest(t, scope.namespace().value(), ref);
              return found;
            });
    blobs.abort(backing);
  }

  /** Strikes an ingest out as part of another change. */
  static void dropIngest(Transaction t, String namespace, String ref) {
    t.sql().update("DELETE FROM ingests WHERE namespace = ? AND ref = ?", namespace, ref);
    LeasedRows.forget(t, namespace, LeasedRows.INGESTS, ref);
  }

  @Override
  public void delete(Scope scope, Digest digest) {
    // Whatever the call asks for: the record must not come back with a power loss when the bytes
    // are gone.
    database.write(
        Durability.POWER_LOSS,
        t -> {
          t.makesRoom();
          t.mayLeaveGarbage();
          if (drop(t, scope.namespace(), digest.toString()) == 0) {
            required(t.sql(), scope.namespace(), digest);
          }
          return true;
        });
    blobs.release(digest);
  }

  /** Takes a blob out of a namespace as part of another change. */
  static int drop(Transaction t, Namespace namespace, String digest) {
    int rows =
        t.sql().update("DELETE FROM content WHERE namespace = ? AND digest = ?", namespace, digest);
    if (rows > 0) {
      LeasedRows.forget(t, namespace.value(), LeasedRows.CONTENT, digest);
      t.happened(namespace, new Event.ContentDelete(digest));
    }
    return rows;
  }
}
