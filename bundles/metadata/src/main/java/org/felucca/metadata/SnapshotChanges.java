package org.felucca.metadata;

import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.event.Event;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotUsage;
import org.jspecify.annotations.Nullable;

/**
 * The steps in which the record of a snapshot comes, is committed and goes, each one change of the
 * database.
 */
final class SnapshotChanges {

  private final Database database;

  SnapshotChanges(Database database) {
    this.database = database;
  }

  /** Records what is about to be made. If a power loss takes that back, the files are swept. */
  SnapshotRef begin(
      Scope scope,
      String snapshotter,
      long number,
      String key,
      @Nullable String parent,
      Map<String, String> labels,
      SnapshotKind kind) {
    Namespace namespace = scope.namespace();
    String target = labels.get(SnapshotRow.REF_LABEL);
    String type = LeasedRows.SNAPSHOTS + snapshotter;
    // Null when the key or the target is taken: that is told after the commit, as a lease is added
    // to in any case.
    SnapshotRef ref =
        database.<@Nullable SnapshotRef>write(
            Durability.ENGINE_CRASH,
            t -> {
              NamespaceRecords.ensure(t, namespace);
              if (target != null
                  && SnapshotRow.find(t.sql(), namespace, snapshotter, target, false) != null) {
                LeasedRows.add(t, scope, type, target);
                return null;
              }
              LeasedRows.add(t, scope, type, key);
              if (SnapshotRow.find(t.sql(), namespace, snapshotter, key, true) != null) {
                return null;
              }
              SnapshotRow below =
                  parent == null ? null : committed(t.sql(), namespace, snapshotter, parent);
              if (below != null && below.number() > number) {
                // Children are collected before parents, by their numbers.
                throw EngineException.unavailable(
                    "snapshot %s was made this moment; try again"
                        .formatted(Identifiers.quote(below.info().key())));
              }
              long now = Columns.write(Instant.now());
              t.sql()
                  .update(
                      "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?, 0, ?, 0, 0, ?, ?)",
                      number,
                      namespace,
                      snapshotter,
                      key,
                      below == null ? null : below.number(),
                      kind.name(),
                      Columns.write(labels),
                      now,
                      now);
              SnapshotRow row = SnapshotRow.find(t.sql(), namespace, snapshotter, key, true);
              if (row == null) {
                throw EngineException.internal("the new record of " + key + " is gone", null);
              }
              return row.ref(t.sql());
            });
    if (ref == null) {
      throw EngineException.alreadyExists(
          "snapshot %s of %s exists already in namespace %s"
              .formatted(Identifiers.quote(target == null ? key : target), snapshotter, namespace));
    }
    return ref;
  }

  private static SnapshotRow committed(
      Sql sql, Namespace namespace, String snapshotter, String parent) {
    SnapshotRow row = SnapshotRow.required(sql, namespace, snapshotter, parent);
    if (row.info().kind() != SnapshotKind.COMMITTED) {
      throw EngineException.invalid(
          "snapshot %s can't be a parent: it is not committed"
              .formatted(Identifiers.quote(parent)));
    }
    return row;
  }

  void finish(
      Scope scope,
      String snapshotter,
      long number,
      String key,
      @Nullable String parent,
      Map<String, String> labels,
      SnapshotKind kind) {
    database.writeAlways(
        scope.durability(),
        t -> {
          t.sql().update("UPDATE snapshots SET ready = 1 WHERE id = ?", number);
          t.labelled("snapshot " + key, labels);
          if (kind == SnapshotKind.ACTIVE) {
            t.happened(
                scope.namespace(),
                new Event.SnapshotPrepare(key, parent == null ? "" : parent, snapshotter));
          }
          return true;
        });
  }

  /** Remembers what an active snapshot takes, for those who do not want to wait for a count. */
  void recordUsage(long number, SnapshotUsage usage) {
    database.writeAlways(
        Durability.ENGINE_CRASH,
        t ->
            t.sql()
                .update(
                    "UPDATE snapshots SET inodes = ?, bytes = ? WHERE id = ? AND kind <> 'COMMITTED'",
                    usage.inodes(),
                    usage.bytes(),
                    number));
  }

  boolean takeOver(Scope scope, String snapshotter, long number, String target) {
    return database.writeAlways(
        scope.durability(),
        t -> {
          if (SnapshotRow.find(t.sql(), scope.namespace(), snapshotter, target, true) != null) {
            return false;
          }
          t.sql()
              .update(
                  "UPDATE snapshots SET name = ?, kind = ?, ready = 1 WHERE id = ?",
                  target,
                  SnapshotKind.COMMITTED.name(),
                  number);
          LeasedRows.add(t, scope, LeasedRows.SNAPSHOTS + snapshotter, target);
          return true;
        });
  }

  /**
   * Takes a record away.
   *
   * @return the number of the snapshot, whose files are now nobody's
   * @throws EngineException NOT_FOUND; FAILED_PRECONDITION if another one stands on it
   */
  long remove(Scope scope, String snapshotter, String key) {
    Long number = remove(scope, snapshotter, key, scope.durability());
    if (number == null) {
      number = remove(scope, snapshotter, key, Durability.POWER_LOSS);
    }
    return Objects.requireNonNull(number);
  }

  /**
   * Answers null if it takes more durability: what others may stand on must not come back with a
   * power loss when its files are gone.
   */
  private @Nullable Long remove(
      Scope scope, String snapshotter, String key, Durability durability) {
    return database.<@Nullable Long>write(
        durability,
        t -> {
          t.makesRoom();
          t.mayLeaveGarbage();
          SnapshotRow row = SnapshotRow.required(t.sql(), scope.namespace(), snapshotter, key);
          if (row.info().kind() == SnapshotKind.COMMITTED && durability != Durability.POWER_LOSS) {
            return null;
          }
          String child =
              t.sql()
                  .first(
                      "SELECT name FROM snapshots WHERE parent = ?",
                      found -> found.getString(1),
                      row.number());
          if (child != null) {
            throw EngineException.precondition(
                "snapshot %s can't be removed: %s stands on it"
                    .formatted(Identifiers.quote(key), Identifiers.quote(child)));
          }
          drop(t, row.number());
          t.happened(scope.namespace(), new Event.SnapshotRemove(key, snapshotter));
          return row.number();
        });
  }

  /** Deletes a record as part of another change. */
  static void drop(Transaction t, long number) {
    t.sql()
        .update(
            "DELETE FROM leased WHERE EXISTS (SELECT 1 FROM snapshots s WHERE s.id = ?"
                + " AND s.namespace = leased.namespace AND leased.id = s.name"
                + " AND leased.type = 'snapshots/' || s.snapshotter)",
            number);
    t.sql().update("DELETE FROM snapshots WHERE id = ?", number);
  }

  /** Whether there is one already; then it is added to the lease of the call. */
  boolean nameTaken(Scope scope, String snapshotter, String name) {
    return database.write(
        scope.durability(),
        t -> {
          if (SnapshotRow.find(t.sql(), scope.namespace(), snapshotter, name, true) == null) {
            return false;
          }
          LeasedRows.add(t, scope, LeasedRows.SNAPSHOTS + snapshotter, name);
          return true;
        });
  }

  boolean recordCommit(
      Scope scope,
      String snapshotter,
      SnapshotRow row,
      String name,
      Map<String, String> labels,
      SnapshotUsage usage) {
    Namespace namespace = scope.namespace();
    String type = LeasedRows.SNAPSHOTS + snapshotter;
    return database.writeAlways(
        scope.durability(),
        t -> {
          LeasedRows.add(t, scope, type, name);
          if (SnapshotRow.find(t.sql(), namespace, snapshotter, name, true) != null) {
            return false;
          }
          LeasedRows.forget(t, namespace.value(), type, row.info().key());
          long now = Columns.write(Instant.now());
          int rows =
              t.sql()
                  .update(
                      "UPDATE snapshots SET name = ?, kind = ?, labels = ?, inodes = ?, bytes = ?,"
                          + " created = ?, updated = ? WHERE id = ?",
                      name,
                      SnapshotKind.COMMITTED.name(),
                      Columns.write(labels),
                      usage.inodes(),
                      usage.bytes(),
                      now,
                      now,
                      row.number());
          if (rows == 0) {
            throw EngineException.notFound(
                "snapshot %s of %s was removed or collected while it was committed; hold a lease meanwhile"
                    .formatted(Identifiers.quote(row.info().key()), snapshotter));
          }
          t.labelled("snapshot " + name, labels);
          t.happened(namespace, new Event.SnapshotCommit(row.info().key(), name, snapshotter));
          return true;
        });
  }
}
