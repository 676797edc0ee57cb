package org.felucca.events;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.event.LoggedEvent;
import org.jspecify.annotations.Nullable;

/**
 * The newest events in memory, numbered without gaps. Grows beyond its usual size only with events
 * that are not stored yet. Not safe for threads: guarded by the log's lock.
 */
final class RecentEvents {

  private static final int USUAL = 4096;
  private static final int MOST = 1 << 18;

  private @Nullable LoggedEvent[] ring = new @Nullable LoggedEvent[USUAL];
  private long first;
  private long last;

  /** Empty; the first event will have this number. */
  RecentEvents(long next) {
    first = next;
    last = next - 1;
  }

  /** The smallest number that is here; one more than the largest if there is none. */
  long first() {
    return first;
  }

  long last() {
    return last;
  }

  /**
   * Adds the event with the next number.
   *
   * @param storedTo events up to this number are stored and may be let go
   */
  void add(LoggedEvent event, long storedTo) {
    if (last - first + 1 == ring.length) {
      if (first > storedTo && ring.length < MOST) {
        resize(ring.length * 2);
      } else {
        ring[index(first)] = null;
        first++;
      }
    }
    last = event.sequence();
    ring[index(last)] = event;
  }

  /** Gives memory back after a burst. */
  void shrink(long storedTo) {
    if (ring.length > USUAL && storedTo == last) {
      first = Math.max(first, last - USUAL + 1);
      resize(USUAL);
    }
  }

  /**
   * At most so many events with greater numbers than this one, which must not be smaller than
   * {@code first - 1}.
   */
  List<LoggedEvent> after(long number, int most) {
    List<LoggedEvent> found = new ArrayList<>((int) Math.min(most, last - number));
    for (long i = number + 1; i <= last && found.size() < most; i++) {
      LoggedEvent event = ring[index(i)];
      if (event != null) {
        found.add(event);
      }
    }
    return found;
  }

  private int index(long number) {
    return (int) (number & (ring.length - 1));
  }

  private void resize(int size) {
    List<LoggedEvent> all = after(first - 1, Integer.MAX_VALUE);
    ring = new @Nullable LoggedEvent[size];
    for (LoggedEvent event : all) {
      ring[index(event.sequence())] = event;
    }
  }
}
