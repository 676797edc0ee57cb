package org.felucca.metadata;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * What is done about a database file that SQLite can't use: the engine starts all the same, with
 * what can be saved.
 */
final class DamagedFile {

  private static final Logger LOG = Logger.getLogger(DamagedFile.class.getName());

  private DamagedFile() {}

  /**
   * Replaces a file that can't be used by one with the rows that can be read; keeps the old one
   * beside it.
   */
  static void replace(Path file, EngineException reason) throws IOException {
    LOG.log(Level.SEVERE, "database damaged path=" + file, reason);
    String stamp = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString().replace(":", "");
    Path aside = file.resolveSibling(file.getFileName() + ".damaged-" + stamp);
    for (String part : new String[] {"-shm", "-wal", ""}) {
      Path from = file.resolveSibling(file.getFileName() + part);
      if (Files.exists(from)) {
        Files.move(
            from, aside.resolveSibling(aside.getFileName() + part), StandardCopyOption.ATOMIC_MOVE);
      }
    }
    Sql fresh = Database.openOnce(file);
    try {
      salvage(aside, fresh);
      fresh.update("INSERT OR REPLACE INTO facts VALUES ('incomplete', 1)");
    } finally {
      fresh.close();
    }
    LOG.log(
        Level.SEVERE,
        "database replaced kept={0} next=what can be read was taken over; files without a record stay until"
            + " the fact ''incomplete'' is deleted from the new one",
        aside);
  }

  private static void salvage(Path damaged, Sql fresh) {
    Sql old;
    try {
      old = Database.connect(damaged);
    } catch (EngineException e) {
      LOG.log(Level.SEVERE, "database beyond reading path=" + damaged, e);
      return;
    }
    try {
      fresh.execute("PRAGMA foreign_keys = OFF");
      boolean first = old.number("PRAGMA user_version") == 1;
      for (String table : Schema.TABLES) {
        String query =
            first && table.equals("specs")
                ? Schema.SPECS_OF_FORMAT_1
                : "SELECT " + String.join(", ", columns(fresh, table)) + " FROM " + table;
        salvage(old, query, fresh, table);
      }
    } finally {
      old.close();
    }
  }

  private static List<String> columns(Sql sql, String table) {
    return sql.all("SELECT name FROM pragma_table_info(?)", row -> row.getString(1), table);
  }

  private static void salvage(Sql old, String query, Sql fresh, String table) {
    long[] rows = {0};
    try {
      old.all(
          query,
          row -> {
            int columns = row.getMetaData().getColumnCount();
            @Nullable Object[] values = new @Nullable Object[columns];
            for (int i = 0; i < columns; i++) {
              values[i] = row.getObject(i + 1);
            }
            String marks = String.join(",", Collections.nCopies(columns, "?"));
            fresh.update("INSERT OR IGNORE INTO " + table + " VALUES (" + marks + ")", values);
            rows[0]++;
            return rows[0];
          });
    } catch (EngineException e) {
      LOG.log(Level.SEVERE, "table read in part table=" + table, e);
    }
    LOG.log(Level.WARNING, "records saved table={0} count={1}", new Object[] {table, rows[0]});
  }
}
