package org.felucca.events;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.event.EventLog;
import org.felucca.api.event.LoggedEvent;
import org.felucca.oci.filter.Fields;
import org.jspecify.annotations.Nullable;

/**
 * A subscription: a position in the log, and the few matching events that were fetched with the
 * last look.
 */
final class Follower implements EventLog.Subscription {

  private static final int BATCH = 256;

  private final SegmentedEventLog log;
  private final Predicate<Fields> filter;
  private final Queue<LoggedEvent> fetched = new ArrayDeque<>();
  private final Segments.Place place = new Segments.Place();
  private long position;
  private volatile boolean closed;

  Follower(SegmentedEventLog log, Predicate<Fields> filter, long after) {
    this.log = log;
    this.filter = filter;
    this.position = after == 0 ? log.droppedTo() : after;
  }

  @Override
  public synchronized @Nullable LoggedEvent next(Duration wait) {
    long end = System.nanoTime() + wait.toNanos();
    while (true) {
      if (closed) {
        throw EngineException.precondition("the subscription was closed already");
      }
      LoggedEvent event = fetched.poll();
      if (event != null) {
        return event;
      }
      try {
        switch (log.await(position, end - System.nanoTime(), BATCH)) {
          case null -> {
            return null;
          }
          case SegmentedEventLog.Step.Events(List<LoggedEvent> events) -> take(events);
          case SegmentedEventLog.Step.Behind(long storedTo) -> readStored(storedTo);
          case SegmentedEventLog.Step.Dropped(long to) -> throw dropped(to);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw EngineException.cancelled("waiting for events was cancelled");
      }
    }
  }

  private void take(List<LoggedEvent> events) {
    for (LoggedEvent event : events) {
      position = event.sequence();
      if (filter.test(EventLine.fields(event))) {
        fetched.add(event);
      }
    }
  }

  private void readStored(long storedTo) throws InterruptedException {
    long after = position;
    List<LoggedEvent> events;
    try {
      Future<List<LoggedEvent>> read =
          log.readers().submit(() -> log.segments().read(place, after, storedTo, BATCH));
      events = read.get();
    } catch (RejectedExecutionException e) {
      throw SegmentedEventLog.replaced();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw EngineException.internal("reading stored events failed: " + io, io);
      }
      throw EngineException.internal("reading stored events failed: " + e.getCause(), e);
    }
    long dropped = log.droppedTo();
    if (dropped > after) {
      throw dropped(dropped);
    }
    if (events.isEmpty()) {
      position = storedTo;
    } else {
      take(events);
    }
  }

  /** Goes on with the oldest event that is left, once this has been told. */
  private EngineException dropped(long to) {
    long before = position;
    position = to;
    return new EngineException(
        ErrorKind.OUT_OF_RANGE,
        "the events after number %d are no longer kept, the oldest that are come after %d; look at the state of things, then go on"
            .formatted(before, to));
  }

  @Override
  public void close() {
    closed = true;
  }
}
