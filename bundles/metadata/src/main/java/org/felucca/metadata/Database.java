package org.felucca.metadata;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.event.EventLog;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.sqlite.SQLiteConfig;

/**
 * The file {@code <root>/metadata.db}: opened, migrated, read and written. For this bundle only.
 *
 * <p>A read sees every change that was told as done before it began.
 */
@Component(service = Database.class)
public final class Database {

  private static final Logger LOG = Logger.getLogger(Database.class.getName());
  private static final int READERS = 3;
  private static final long IDS = 10_000;
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

  private final Path file;
  private final EventLog events;

  /** Enough for the log of many deletions. */
  private static final int RESERVE = 512 << 10;

  private final Writer writer;
  private final Queue<Sql> idleReaders = new ConcurrentLinkedQueue<>();
  private final ExecutorService readThreads =
      Executors.newFixedThreadPool(
          READERS, Thread.ofPlatform().daemon().name("metadata-read-", 0).factory());
  private final AtomicLong nextId = new AtomicLong();
  private final AtomicLong reservedTo = new AtomicLong();
  private final boolean incomplete;

  /** Opens the file below the engine's root. */
  @Activate
  public Database(
      @Reference EventLog events, @Reference CollectionPlan plan, BundleContext bundle) {
    this(Path.of(bundle.getProperty("felucca.root")).resolve("metadata.db"), events, plan);
  }

  Database(Path file, EventLog events, CollectionPlan plan) {
    this.file = file;
    this.events = events;
    Sql first = open();
    writer =
        new Writer(
            first,
            new DiskReserve(file.resolveSibling("metadata.reserve"), RESERVE),
            this::publish,
            plan);
    incomplete = read(sql -> sql.number("SELECT value FROM facts WHERE name = 'incomplete'")) != 0;
    reserveIds();
    undoUnfinished();
  }

  /**
   * Takes away the records of snapshots that an earlier run was just making; their files go with
   * the sweep.
   */
  private void undoUnfinished() {
    int undone =
        writeAlways(
            Durability.ENGINE_CRASH,
            t -> {
              List<Long> unfinished =
                  t.sql().all("SELECT id FROM snapshots WHERE ready = 0", row -> row.getLong(1));
              unfinished.forEach(number -> SnapshotChanges.drop(t, number));
              return unfinished.size();
            });
    if (undone > 0) {
      LOG.log(
          Level.WARNING, "snapshots undone count={0} reason=the engine ended meanwhile", undone);
    }
  }

  /** Ends every thread once what was asked for is done. */
  @Deactivate
  void stop() {
    readThreads.shutdown();
    try {
      writer.close();
      if (!readThreads.awaitTermination(5, TimeUnit.SECONDS)) {
        readThreads.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (Sql sql = idleReaders.poll(); sql != null; sql = idleReaders.poll()) {
      sql.close();
    }
  }

  static EngineException replaced() {
    return EngineException.unavailable("the store of records is being replaced; try again");
  }

  private Sql open() {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      if (!Files.exists(file)) {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(FILE));
      }
      Files.setPosixFilePermissions(file, FILE);
      SqliteLibrary.prepare(file.toAbsolutePath().resolveSibling("native"));
      try {
        return openOnce(file);
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.DATA_LOSS) {
          throw e;
        }
        DamagedFile.replace(file, e);
        return openOnce(file);
      }
    } catch (IOException e) {
      throw EngineException.internal("opening " + file + " failed: " + e, e);
    }
  }

  /**
   * Connects, brings the file to our format, and has a look at every table.
   *
   * @throws EngineException DATA_LOSS if the file is damaged; FAILED_PRECONDITION if it is of a
   *     newer format
   */
  static Sql openOnce(Path file) {
    Sql sql = connect(file);
    try {
      Schema.migrate(sql);
      for (String table : Schema.TABLES) {
        sql.number("SELECT count(*) FROM (SELECT 1 FROM " + table + " LIMIT 1)");
      }
      return sql;
    } catch (EngineException e) {
      sql.close();
      throw e.during("opening " + file);
    }
  }

  /** A new connection with the settings that all have in common. */
  static Sql connect(Path file) {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setBusyTimeout(10_000);
    config.setCacheSize(-2_000);
    config.setTempStore(SQLiteConfig.TempStore.MEMORY);
    config.enforceForeignKeys(true);
    try {
      return new Sql(config.createConnection("jdbc:sqlite:" + file));
    } catch (SQLException e) {
      throw Sql.failure(e).during("opening " + file);
    }
  }

  private void publish(Transaction.Happening happening) {
    try {
      events.publish(happening.namespace(), happening.event());
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "event lost topic=" + happening.event().topic(), e);
    }
  }

  /**
   * Reads.
   *
   * @throws EngineException CANCELLED on interruption, UNAVAILABLE if the store is closed, or what
   *     the body throws
   */
  <T extends @Nullable Object> T read(Function<Sql, T> body) {
    if (Thread.currentThread().isInterrupted()) {
      throw EngineException.cancelled("reading records was cancelled");
    }
    Future<T> result;
    try {
      result = readThreads.submit(() -> readNow(body));
    } catch (RejectedExecutionException e) {
      throw replaced();
    }
    try {
      return result.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("reading records was cancelled");
    } catch (ExecutionException e) {
      throw unwrapped(e);
    }
  }

  private <T extends @Nullable Object> T readNow(Function<Sql, T> body) {
    Sql sql = idleReaders.poll();
    if (sql == null) {
      sql = connect(file);
      sql.execute("PRAGMA query_only = ON");
    }
    try {
      sql.execute("BEGIN");
      try {
        return body.apply(sql);
      } finally {
        sql.execute("ROLLBACK");
      }
    } finally {
      idleReaders.add(sql);
    }
  }

  /**
   * Changes records. When this returns, the change has happened and survives what was asked; an
   * interruption meanwhile stays pending.
   *
   * @throws EngineException CANCELLED if interrupted already, UNAVAILABLE if the store is closed,
   *     or what the body throws; nothing has changed then
   */
  <T extends @Nullable Object> T write(Durability durability, Function<Transaction, T> body) {
    if (Thread.currentThread().isInterrupted()) {
      throw EngineException.cancelled("changing records was cancelled");
    }
    return writeAlways(durability, body);
  }

  /** As {@link #write}, also for an interrupted thread: for what undoes or finishes. */
  <T extends @Nullable Object> T writeAlways(Durability durability, Function<Transaction, T> body) {
    CompletableFuture<T> done = writer.submit(durability, body);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return done.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      throw unwrapped(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static EngineException unwrapped(ExecutionException e) {
    return e.getCause() instanceof EngineException engine
        ? new EngineException(engine.kind(), String.valueOf(engine.getMessage()), engine)
        : EngineException.internal("the store of records failed: " + e.getCause(), e);
  }

  /** A number that was never given before and never will be again, whatever is lost. */
  long newId() {
    while (true) {
      long id = nextId.getAndIncrement();
      if (id < reservedTo.get()) {
        return id;
      }
      reserveIds();
    }
  }

  private synchronized void reserveIds() {
    if (nextId.get() < reservedTo.get()) {
      return;
    }
    long from =
        writeAlways(
            Durability.POWER_LOSS,
            t -> {
              long first =
                  Math.max(
                      t.sql().number("SELECT value FROM facts WHERE name = 'id'"),
                      1 + t.sql().number("SELECT max(id) FROM snapshots"));
              t.sql().update("INSERT OR REPLACE INTO facts VALUES ('id', ?)", first + IDS);
              return first;
            });
    nextId.set(from);
    reservedTo.set(from + IDS);
  }

  /**
   * Whether records were lost with a damaged file. Then files without a record are left alone: they
   * may be what somebody wants to get back.
   */
  boolean incomplete() {
    return incomplete;
  }

  /**
   * How many changes had ended when this was asked; to be compared by {@link #isStillAt} and {@link
   * #isUnchangedSince}.
   */
  long ended() {
    return writer.ended();
  }

  /** Whether no change began since so many had ended. */
  boolean isStillAt(long ended) {
    return writer.begun() == ended;
  }

  /** Asked inside a change: whether no other one began since so many had ended. */
  boolean isUnchangedSince(long ended) {
    return writer.begun() == ended + 1;
  }
}
