package org.felucca.metadata;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Namespace;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.oci.filter.Fields;
import org.jspecify.annotations.Nullable;

/**
 * A row of the snapshots.
 *
 * @param number its id
 * @param parent the row below it, or null
 * @param ready whether its files are made
 * @param usage what it takes, known since it was committed
 * @param info what callers see
 */
record SnapshotRow(
    long number, @Nullable Long parent, boolean ready, SnapshotUsage usage, SnapshotInfo info) {

  /**
   * The label by which a client asks a remote snapshotter for a snapshot that need not be unpacked.
   */
  static final String REF_LABEL = "containerd.io/snapshot.ref";

  private static final String INHERITED_PREFIX = "containerd.io/snapshot/";

  static final String COLUMNS =
      "SELECT s.id, s.snapshotter, s.name, s.parent, p.name, s.kind, s.ready, s.labels, s.inodes,"
          + " s.bytes, s.created, s.updated FROM snapshots s LEFT JOIN snapshots p ON p.id = s.parent"
          + " WHERE s.namespace = ? AND s.snapshotter = ?";

  static SnapshotRow read(ResultSet row) throws SQLException {
    String name = row.getString(3);
    long parent = row.getLong(4);
    boolean orphan = row.wasNull();
    return new SnapshotRow(
        row.getLong(1),
        orphan ? null : parent,
        row.getInt(7) != 0,
        new SnapshotUsage(row.getLong(9), row.getLong(10)),
        new SnapshotInfo(
            row.getString(2),
            name,
            row.getString(5),
            kind(row.getString(6), name),
            Columns.time(row.getLong(11)),
            Columns.time(row.getLong(12)),
            Columns.map(row.getString(8), "snapshot " + name)));
  }

  private static SnapshotKind kind(String column, String name) {
    try {
      return SnapshotKind.valueOf(column);
    } catch (IllegalArgumentException e) {
      throw new Sql.BadRecord("the kind of snapshot " + name + " is " + column, e);
    }
  }

  static Fields fields(SnapshotInfo info) {
    return path ->
        switch (path.getFirst()) {
          case "kind" -> Optional.of(info.kind().name().toLowerCase(Locale.ROOT));
          case "name" -> Optional.of(info.key());
          case "parent" -> Optional.of(info.parent() == null ? "" : info.parent());
          case "labels" -> Fields.inMap(info.labels(), path);
          default -> Optional.empty();
        };
  }

  /** The row of this name; one whose files are being made counts only if asked for. */
  static @Nullable SnapshotRow find(
      Sql sql, Namespace namespace, String snapshotter, String name, boolean beingMade) {
    return sql.first(
        COLUMNS + " AND s.name = ? AND s.ready >= ?",
        SnapshotRow::read,
        namespace,
        snapshotter,
        name,
        beingMade ? 0 : 1);
  }

  static SnapshotRow required(Sql sql, Namespace namespace, String snapshotter, String name) {
    SnapshotRow row = find(sql, namespace, snapshotter, name, false);
    if (row == null) {
      throw EngineException.notFound(
          "snapshot %s of %s does not exist in namespace %s"
              .formatted(Identifiers.quote(name), snapshotter, namespace));
    }
    return row;
  }

  /** The text by which the snapshotter knows a row. */
  static String id(long number) {
    return Long.toString(number);
  }

  /** The row as the snapshotter is told about it. */
  SnapshotRef ref(Sql sql) {
    return ref(sql, info.labels());
  }

  /** As {@link #ref(Sql)} with other labels; only those that a snapshotter reads are passed on. */
  SnapshotRef ref(Sql sql, Map<String, String> labels) {
    List<String> ancestors =
        sql.all(
            "WITH RECURSIVE up (id, depth) AS (SELECT ?, 0 UNION ALL SELECT s.parent, up.depth + 1"
                + " FROM snapshots s JOIN up ON s.id = up.id"
                + " WHERE s.parent IS NOT NULL AND up.depth < 1000)"
                + " SELECT id FROM up WHERE depth > 0 ORDER BY depth",
            row -> id(row.getLong(1)),
            number);
    Map<String, String> passed = new HashMap<>();
    labels.forEach(
        (key, value) -> {
          if (key.startsWith(INHERITED_PREFIX) || key.equals(REF_LABEL)) {
            passed.put(key, value);
          }
        });
    return new SnapshotRef(id(number), info.kind(), ancestors, passed);
  }

  SnapshotRow with(Map<String, String> labels, Instant updatedAt) {
    return new SnapshotRow(
        number,
        parent,
        ready,
        usage,
        new SnapshotInfo(
            info.snapshotter(),
            info.key(),
            info.parent(),
            info.kind(),
            info.createdAt(),
            updatedAt,
            labels));
  }
}
