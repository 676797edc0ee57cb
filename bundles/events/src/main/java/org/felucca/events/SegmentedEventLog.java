package org.felucca.events;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.event.LoggedEvent;
import org.felucca.oci.filter.Filters;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** The log; see the package. */
@Component
public final class SegmentedEventLog implements EventLog {

  private static final Logger LOG = Logger.getLogger(SegmentedEventLog.class.getName());

  /** How many numbers are reserved at once; a crash leaves a gap of at most as many. */
  static final long RESERVE = 1 << 20;

  private static final long SEGMENT_SIZE = 4 << 20;
  private static final int SEGMENT_COUNT = 16;
  private static final int BATCH = 1024;

  private final Segments segments;
  private final Thread writer;
  private final ExecutorService readers =
      Executors.newFixedThreadPool(
          2, Thread.ofPlatform().daemon().name("events-read-", 0).factory());

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition published = lock.newCondition();
  private final Condition work = lock.newCondition();

  // Guarded by the lock.
  private final RecentEvents recent;
  private long newest;
  private long storedTo;
  private long lostTo;
  private long reservedTo;
  private boolean refused;
  private boolean closed;

  /** The log below the engine's root. */
  @Activate
  public SegmentedEventLog(BundleContext bundle) {
    this(
        Path.of(bundle.getProperty("felucca.root")).resolve("events"), SEGMENT_SIZE, SEGMENT_COUNT);
  }

  SegmentedEventLog(Path folder, long segmentSize, int segmentCount) {
    try {
      segments = new Segments(folder, segmentSize, segmentCount);
      recent = new RecentEvents(segments.next());
      newest = segments.last();
      storedTo = segments.next() - 1;
      reservedTo = segments.next() + RESERVE;
      segments.reserve(reservedTo);
    } catch (IOException e) {
      readers.shutdown();
      throw EngineException.internal("opening the event log in " + folder + " failed: " + e, e);
    }
    writer = Thread.ofPlatform().daemon().name("events-write").start(this::write);
  }

  /**
   * Ends the subscriptions, stores what is not stored yet, and has the next run go on without a
   * gap.
   */
  @Deactivate
  void stop() {
    lock.lock();
    try {
      closed = true;
      published.signalAll();
      work.signalAll();
    } finally {
      lock.unlock();
    }
    readers.shutdown();
    try {
      writer.join(TimeUnit.SECONDS.toMillis(10));
      if (!readers.awaitTermination(2, TimeUnit.SECONDS)) {
        readers.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public LoggedEvent publish(@Nullable Namespace namespace, Event event) {
    lock.lock();
    try {
      if (closed) {
        throw replaced();
      }
      LoggedEvent logged = new LoggedEvent(recent.last() + 1, Instant.now(), namespace, event);
      recent.add(logged, storedTo);
      newest = logged.sequence();
      if (refused) {
        published.signalAll();
      }
      work.signal();
      return logged;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long position() {
    lock.lock();
    try {
      return newest;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Subscription subscribe(List<String> filters, long after) {
    if (after < 0) {
      throw EngineException.invalid("there is no position " + after + " in the event log");
    }
    return new Follower(this, Filters.parseAll(filters), after);
  }

  static EngineException replaced() {
    return EngineException.unavailable(
        "the event log is being replaced; subscribe again after the last number that came");
  }

  /** What a subscriber gets next. */
  sealed interface Step {
    /** These events, in order. */
    record Events(List<LoggedEvent> events) implements Step {}

    /**
     * Nothing up to this number is left that it has not seen; look in the files up to there, or go
     * on behind it.
     */
    record Behind(long storedTo) implements Step {}

    /** Events that it has not seen are gone; the oldest that is left comes after this number. */
    record Dropped(long to) implements Step {}
  }

  /**
   * Waits for events with greater numbers.
   *
   * @param nanos how long to wait
   * @return what to do now; null if nothing came
   * @throws InterruptedException if interrupted while waiting
   */
  @Nullable Step await(long after, long nanos, int most) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (true) {
        if (closed) {
          throw replaced();
        }
        long dropped = Math.max(segments.droppedTo(), lostTo);
        if (after > recent.last() || after < dropped) {
          return new Step.Dropped(Math.min(dropped, newest));
        }
        if (after < recent.first() - 1) {
          return new Step.Behind(Math.min(storedTo, recent.first() - 1));
        }
        // Nobody sees an event that a kill of the engine could still undo; while the disk refuses
        // them, rather that than none.
        long seen = refused ? recent.last() : storedTo;
        if (after < seen) {
          return new Step.Events(recent.after(after, (int) Math.min(most, seen - after)));
        }
        if (after < recent.last()) {
          published.await(); // the writer is at it, and says whether the disk took it
        } else if (left > 0) {
          left = published.awaitNanos(left);
        } else {
          return null;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** The oldest number that can still be had, less one. */
  long droppedTo() {
    lock.lock();
    try {
      return Math.max(segments.droppedTo(), lostTo);
    } finally {
      lock.unlock();
    }
  }

  Segments segments() {
    return segments;
  }

  ExecutorService readers() {
    return readers;
  }

  /** The writer thread: appends batch after batch, and goes on trying while the disk refuses. */
  private void write() {
    boolean failing = false;
    while (true) {
      List<LoggedEvent> batch;
      long reserve = 0;
      boolean last;
      lock.lock();
      try {
        while (!closed && storedTo == recent.last()) {
          work.awaitUninterruptibly();
        }
        if (failing && !closed) {
          awaitBriefly();
        }
        last = closed;
        if (recent.first() > storedTo + 1) {
          lostTo = recent.first() - 1;
          storedTo = lostTo;
          LOG.log(
              Level.SEVERE, "events lost up={0} next=make room on the disk of the root", lostTo);
        }
        batch = recent.after(storedTo, BATCH);
        if (recent.last() > reservedTo - RESERVE / 2) {
          reserve = recent.last() + RESERVE;
        }
      } finally {
        lock.unlock();
      }
      try {
        if (reserve > 0) {
          segments.reserve(reserve);
        }
        if (!batch.isEmpty()) {
          segments.append(batch);
        }
        stored(batch, reserve);
        failing = false;
      } catch (IOException | RuntimeException e) {
        if (!failing || last) {
          LOG.log(Level.SEVERE, "events not stored count=" + batch.size(), e);
        }
        failing = true;
        showAll();
        if (last) {
          batch = List.of();
        }
      }
      if (last && batch.isEmpty()) {
        finish(failing);
        return;
      }
    }
  }

  private void awaitBriefly() {
    try {
      long left = TimeUnit.MILLISECONDS.toNanos(500);
      while (!closed && left > 0) {
        left = work.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      LOG.log(Level.FINE, "nobody interrupts this thread", e);
    }
  }

  private void showAll() {
    lock.lock();
    try {
      refused = true;
      published.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void stored(List<LoggedEvent> batch, long reserved) {
    lock.lock();
    try {
      if (!batch.isEmpty()) {
        storedTo = batch.getLast().sequence();
      }
      refused = false;
      published.signalAll();
      if (reserved > 0) {
        reservedTo = reserved;
      }
      recent.shrink(storedTo);
    } finally {
      lock.unlock();
    }
  }

  private void finish(boolean failing) {
    try (segments) {
      segments.sync();
      if (!failing) {
        segments.reserve(position() >= segments.next() ? position() + 1 : segments.next());
      }
    } catch (IOException e) {
      LOG.log(Level.SEVERE, "event log not closed cleanly", e);
    }
  }
}
