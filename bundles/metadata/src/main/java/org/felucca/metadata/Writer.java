package org.felucca.metadata;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that changes the database. It takes all changes that wait, runs them in one
 * transaction, each in a savepoint of its own, and commits them together; the disk is synchronised
 * if one of them asks for it.
 */
final class Writer {

  private static final int GROUP = 256;

  /** A change that waits, runs or has ended. */
  private static final class Change<T extends @Nullable Object> {
    final Durability durability;
    final Function<Transaction, T> body;
    final CompletableFuture<T> done = new CompletableFuture<>();
    private @Nullable Transaction transaction;
    private @Nullable Runnable answer;

    Change(Durability durability, Function<Transaction, T> body) {
      this.durability = durability;
      this.body = body;
    }

    void run(Sql sql) {
      Transaction fresh = new Transaction(sql);
      transaction = fresh;
      T result = body.apply(fresh);
      answer = () -> done.complete(result);
    }

    boolean isToMakeRoom() {
      Transaction ran = transaction;
      return ran != null && ran.isToMakeRoom();
    }

    void committed(Consumer<Transaction.Happening> publisher, CollectionPlan plan) {
      Transaction ran = transaction;
      Runnable completion = answer;
      if (ran != null && completion != null) {
        plan.changed(ran);
        ran.happenings().forEach(publisher);
        completion.run();
      }
    }
  }

  private final Sql sql;
  private final DiskReserve reserve;
  private final Consumer<Transaction.Happening> publisher;
  private final CollectionPlan plan;
  private final LinkedBlockingQueue<Change<?>> waiting = new LinkedBlockingQueue<>();
  private final Change<Boolean> end = new Change<>(Durability.ENGINE_CRASH, t -> true);
  private final Thread thread;
  private final AtomicLong begun = new AtomicLong();
  private final AtomicLong ended = new AtomicLong();
  private boolean full;
  private volatile boolean closed;

  /**
   * Starts the thread, which owns the connection from now on.
   *
   * @param publisher told of events, after the commit and before who has asked for the change
   * @param plan told of changes likewise
   */
  Writer(
      Sql sql,
      DiskReserve reserve,
      Consumer<Transaction.Happening> publisher,
      CollectionPlan plan) {
    this.sql = sql;
    this.reserve = reserve;
    this.publisher = publisher;
    this.plan = plan;
    sql.execute("PRAGMA synchronous = NORMAL");
    thread = Thread.ofPlatform().daemon().name("metadata-write").start(this::run);
  }

  /** Has a change made; what comes of it is told when it is committed. */
  <T extends @Nullable Object> CompletableFuture<T> submit(
      Durability durability, Function<Transaction, T> body) {
    Change<T> change = new Change<>(durability, body);
    waiting.add(change);
    if (closed && waiting.remove(change)) {
      throw Database.replaced();
    }
    return change.done;
  }

  /** Lets all changes that wait be made, and ends the thread and its connection. */
  void close() throws InterruptedException {
    closed = true;
    waiting.add(end);
    thread.join(10_000);
  }

  private void run() {
    List<Change<?>> group = new ArrayList<>();
    while (true) {
      group.clear();
      try {
        group.add(waiting.take());
      } catch (InterruptedException e) {
        // Nobody interrupts this thread; close() ends it.
        continue;
      }
      waiting.drainTo(group, GROUP - 1);
      boolean last = group.remove(end);
      if (!group.isEmpty()) {
        commit(group);
      }
      if (last) {
        if (!waiting.isEmpty()) {
          waiting.add(end);
          continue;
        }
        sql.close();
        return;
      }
    }
  }

  /** How many changes have begun, the running one included. */
  long begun() {
    return begun.get();
  }

  /** How many changes have been committed or have failed. */
  long ended() {
    return ended.get();
  }

  private void commit(List<Change<?>> group) {
    try {
      commitGroup(group);
    } finally {
      ended.set(begun.get());
    }
  }

  private void commitGroup(List<Change<?>> group) {
    commitGroup(group, true);
    reserve.restore();
  }

  private void commitGroup(List<Change<?>> group, boolean first) {
    List<Change<?>> ran = new ArrayList<>(group.size());
    try {
      setSynchronous(group.stream().anyMatch(c -> c.durability == Durability.POWER_LOSS));
      sql.execute("BEGIN IMMEDIATE");
      for (Change<?> change : group) {
        if (runOne(change, group.size() > 1)) {
          ran.add(change);
        }
      }
      sql.execute(ran.isEmpty() ? "ROLLBACK" : "COMMIT");
    } catch (RuntimeException | Error e) {
      rollBack(e);
      if (first
          && e instanceof EngineException failure
          && failure.kind() == ErrorKind.RESOURCE_EXHAUSTED
          && group.stream().anyMatch(Change::isToMakeRoom)
          && reserve.release()) {
        commitGroup(group.stream().filter(change -> !change.done.isDone()).toList(), false);
        return;
      }
      group.forEach(change -> change.done.completeExceptionally(e));
      return;
    }
    ended.set(begun.get());
    ran.forEach(change -> change.committed(publisher, plan));
  }

  /** Answers whether its part of the transaction stands. */
  private boolean runOne(Change<?> change, boolean among) {
    begun.incrementAndGet();
    if (among) {
      sql.execute("SAVEPOINT one");
    }
    try {
      change.run(sql);
      if (among) {
        sql.execute("RELEASE one");
      }
      return true;
    } catch (RuntimeException e) {
      if (among) {
        undo(e);
      }
      change.done.completeExceptionally(e);
      return false;
    }
  }

  /**
   * Takes one change back, or fails for all of them if SQLite has taken back everything already.
   */
  private void undo(RuntimeException reason) {
    try {
      sql.execute("ROLLBACK TO one");
      sql.execute("RELEASE one");
    } catch (EngineException e) {
      reason.addSuppressed(e);
      throw reason;
    }
  }

  private void rollBack(Throwable reason) {
    try {
      sql.execute("ROLLBACK");
    } catch (EngineException e) {
      // SQLite has rolled back by itself, as it does when the disk is full.
      reason.addSuppressed(e);
    }
  }

  private void setSynchronous(boolean wanted) {
    if (wanted != full) {
      sql.execute("PRAGMA synchronous = " + (wanted ? "FULL" : "NORMAL"));
      full = wanted;
    }
  }
}
