package org.felucca.metadata;

import java.util.List;
import org.felucca.api.EngineException;

/**
 * The tables, and how an older file is brought to them. Every step is final once it is released:
 * what changes later is a further step. Times are nanoseconds since 1970, labels and other maps
 * JSON objects.
 */
final class Schema {

  /** What the table specs holds, as a file of the first format has it. */
  static final String SPECS_OF_FORMAT_1 =
      "SELECT number, spec_type, ifnull(spec, x'') FROM containers WHERE spec_type IS NOT NULL";

  /** The statements of each step; a file of format n has had the first n. */
  private static final List<List<String>> STEPS =
      List.of(
          List.of(
              "CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
              "CREATE TABLE namespaces (name TEXT PRIMARY KEY, labels TEXT NOT NULL) STRICT, WITHOUT ROWID",
              """
              CREATE TABLE images (
                namespace TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, target TEXT NOT NULL,
                labels TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
                PRIMARY KEY (namespace, name)) STRICT, WITHOUT ROWID""",
              """
              CREATE TABLE content (
                namespace TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
                labels TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
                PRIMARY KEY (namespace, digest)) STRICT, WITHOUT ROWID""",
              "CREATE INDEX content_by_digest ON content (digest)",
              // shared: the digest of a blob that another namespace had when the ingest was opened
              // expires: when it may be collected; null if a lease decides
              """
              CREATE TABLE ingests (
                namespace TEXT NOT NULL, ref TEXT NOT NULL, backing TEXT NOT NULL UNIQUE, shared TEXT,
                expires INTEGER, PRIMARY KEY (namespace, ref)) STRICT, WITHOUT ROWID""",
              "CREATE INDEX ingests_by_shared ON ingests (shared) WHERE shared IS NOT NULL",
              // ready: 0 while its files are being made
              """
              CREATE TABLE snapshots (
                id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, snapshotter TEXT NOT NULL, name TEXT NOT NULL,
                parent INTEGER REFERENCES snapshots (id), kind TEXT NOT NULL, ready INTEGER NOT NULL,
                labels TEXT NOT NULL, inodes INTEGER NOT NULL, bytes INTEGER NOT NULL,
                created INTEGER NOT NULL, updated INTEGER NOT NULL,
                UNIQUE (namespace, snapshotter, name)) STRICT""",
              "CREATE INDEX snapshots_by_parent ON snapshots (parent) WHERE parent IS NOT NULL",
              // the wide columns stand last, so that a list that looks at labels only does not read
              // them
              """
              CREATE TABLE containers (
                number INTEGER PRIMARY KEY, namespace TEXT NOT NULL, id TEXT NOT NULL, called TEXT,
                labels TEXT NOT NULL, image TEXT NOT NULL, runtime TEXT NOT NULL,
                snapshotter TEXT NOT NULL, snapshot_key TEXT NOT NULL, sandbox TEXT NOT NULL,
                created INTEGER NOT NULL, updated INTEGER NOT NULL, extensions TEXT NOT NULL,
                options_type TEXT, options BLOB, spec_type TEXT, spec BLOB,
                UNIQUE (namespace, id)) STRICT""",
              // without it a list would sort whole rows, the specs in them
              "CREATE INDEX containers_by_age ON containers (namespace, created)",
              "CREATE UNIQUE INDEX containers_by_called ON containers (namespace, called) WHERE called IS NOT NULL",
              """
              CREATE TABLE leases (
                namespace TEXT NOT NULL, id TEXT NOT NULL, labels TEXT NOT NULL, created INTEGER NOT NULL,
                PRIMARY KEY (namespace, id)) STRICT, WITHOUT ROWID""",
              """
              CREATE TABLE leased (
                namespace TEXT NOT NULL, lease TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
                PRIMARY KEY (namespace, lease, type, id)) STRICT, WITHOUT ROWID""",
              "CREATE INDEX leased_by_resource ON leased (namespace, type, id)"),
          // Specs are long: neither a list nor a change of a state should move them about.
          List.of(
              """
              CREATE TABLE specs (
                container INTEGER PRIMARY KEY REFERENCES containers (number) ON DELETE CASCADE,
                type TEXT NOT NULL, value BLOB NOT NULL) STRICT""",
              "INSERT INTO specs " + SPECS_OF_FORMAT_1,
              "ALTER TABLE containers DROP COLUMN spec",
              "ALTER TABLE containers DROP COLUMN spec_type"),
          // Groups of containers: what clients keep of them.
          List.of(
              """
              CREATE TABLE sandboxes (
                namespace TEXT NOT NULL, id TEXT NOT NULL, labels TEXT NOT NULL, runtime TEXT NOT NULL,
                sandboxer TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
                extensions TEXT NOT NULL, options_type TEXT, options BLOB, spec_type TEXT, spec BLOB,
                PRIMARY KEY (namespace, id)) STRICT"""));

  /** The tables in which rows are the user's, those that others refer to first. */
  static final List<String> TABLES =
      List.of(
          "facts",
          "namespaces",
          "images",
          "content",
          "ingests",
          "snapshots",
          "containers",
          "specs",
          "sandboxes",
          "leases",
          "leased");

  private Schema() {}

  /**
   * Brings a file to this format.
   *
   * @throws EngineException FAILED_PRECONDITION if the file is of a newer one
   */
  static void migrate(Sql sql) {
    long format = sql.number("PRAGMA user_version");
    if (format > STEPS.size()) {
      throw EngineException.precondition(
          "metadata.db is of format %d and this engine knows formats up to %d; start the newer Felucca that wrote it, or give this one another --root"
              .formatted(format, STEPS.size()));
    }
    migrate(sql, (int) format, STEPS.size());
  }

  /** Takes the steps from one format to another. */
  static void migrate(Sql sql, int from, int to) {
    for (int step = from; step < to; step++) {
      sql.execute("BEGIN IMMEDIATE");
      STEPS.get(step).forEach(sql::execute);
      sql.execute("PRAGMA user_version = " + (step + 1));
      sql.execute("COMMIT");
    }
  }
}
