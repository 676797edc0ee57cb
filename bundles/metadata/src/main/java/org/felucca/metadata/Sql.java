package org.felucca.metadata;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** Statements on one connection, each prepared once. Used by one thread. */
final class Sql {

  private static final Logger LOG = Logger.getLogger(Sql.class.getName());

  /** Makes something of the row that a result stands on. */
  @FunctionalInterface
  interface Row<T> {
    T read(ResultSet row) throws SQLException;
  }

  /** As {@link Row}; answers null for a row that is not wanted. */
  @FunctionalInterface
  interface WantedRow<T> {
    @Nullable T read(ResultSet row) throws SQLException;
  }

  private final Connection connection;
  private final Map<String, PreparedStatement> prepared = new HashMap<>();

  Sql(Connection connection) {
    this.connection = connection;
  }

  /** Runs a statement as it stands. */
  void execute(String sql) {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** Runs a change and answers how many rows it changed. */
  int update(String sql, @Nullable Object... values) {
    try {
      return bound(sql, values).executeUpdate();
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** All rows; a row that can't be read fails the whole. */
  <T> List<T> all(String sql, Row<T> row, @Nullable Object... values) {
    List<T> found = new ArrayList<>();
    try (ResultSet rows = bound(sql, values).executeQuery()) {
      while (rows.next()) {
        found.add(row.read(rows));
      }
      return found;
    } catch (SQLException e) {
      throw failure(e);
    } catch (BadRecord e) {
      throw damaged(e);
    }
  }

  private static EngineException damaged(BadRecord e) {
    return new EngineException(
        ErrorKind.DATA_LOSS, "a record is damaged: " + e.getMessage() + "; remove it", e);
  }

  /** The first row, or null if there is none. */
  <T> @Nullable T first(String sql, Row<T> row, @Nullable Object... values) {
    try (ResultSet rows = bound(sql, values).executeQuery()) {
      return rows.next() ? row.read(rows) : null;
    } catch (SQLException e) {
      throw failure(e);
    } catch (BadRecord e) {
      throw damaged(e);
    }
  }

  /** The number in the first column of the first row; 0 if there is no row. */
  long number(String sql, @Nullable Object... values) {
    Long found = first(sql, row -> row.getLong(1), values);
    return found == null ? 0 : found;
  }

  /** All wanted rows that can be read; the others are reported and passed over. */
  <T> List<T> readable(String sql, WantedRow<T> row, @Nullable Object... values) {
    List<T> found = new ArrayList<>();
    try (ResultSet rows = bound(sql, values).executeQuery()) {
      while (rows.next()) {
        try {
          T one = row.read(rows);
          if (one != null) {
            found.add(one);
          }
        } catch (SQLException | BadRecord e) {
          LOG.log(Level.WARNING, "record skipped reason={0}", e.getMessage());
        }
      }
      return found;
    } catch (SQLException e) {
      EngineException failure = failure(e);
      if (failure.kind() != ErrorKind.DATA_LOSS) {
        throw failure;
      }
      LOG.log(Level.SEVERE, "records skipped: the rest of the table can't be read", failure);
      return found;
    }
  }

  private PreparedStatement bound(String sql, @Nullable Object... values) throws SQLException {
    PreparedStatement statement = prepared.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      prepared.put(sql, statement);
    }
    for (int i = 0; i < values.length; i++) {
      switch (values[i]) {
        case null -> statement.setObject(i + 1, null);
        case Long number -> statement.setLong(i + 1, number);
        case Integer number -> statement.setLong(i + 1, number);
        case byte[] bytes -> statement.setBytes(i + 1, bytes);
        case Object text -> statement.setString(i + 1, text.toString());
      }
    }
    return statement;
  }

  /** What SQLite says, as an exception of ours. */
  static EngineException failure(SQLException e) {
    SQLiteErrorCode code =
        e instanceof SQLiteException s ? s.getResultCode() : SQLiteErrorCode.UNKNOWN_ERROR;
    ErrorKind kind =
        switch (code) {
          case SQLITE_FULL, SQLITE_NOMEM, SQLITE_IOERR_NOMEM -> ErrorKind.RESOURCE_EXHAUSTED;
          case SQLITE_CORRUPT, SQLITE_CORRUPT_INDEX, SQLITE_CORRUPT_SEQUENCE, SQLITE_NOTADB ->
              ErrorKind.DATA_LOSS;
          case SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT, SQLITE_LOCKED -> ErrorKind.UNAVAILABLE;
          default -> ErrorKind.INTERNAL;
        };
    String next =
        switch (kind) {
          case RESOURCE_EXHAUSTED -> "; make room on the disk of the root and try again";
          case DATA_LOSS -> "; stop the engine and keep a copy of metadata.db and metadata.db-wal";
          default -> "";
        };
    return new EngineException(kind, "the database of records: " + e.getMessage() + next, e);
  }

  /** A record that is not what was written. */
  static final class BadRecord extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BadRecord(String message, Throwable cause) {
      super(message, cause);
    }
  }

  void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      LOG.log(Level.WARNING, "database connection not closed", e);
    }
  }
}
