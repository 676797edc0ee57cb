package org.felucca.diff;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.SecureRandom;

/**
 * Which paths a layer has made, so that its whiteouts, wherever they stand in it, hide only what is
 * below. Kept as hashes in 61 bits (a polynomial at a random point, so that nobody can prepare a
 * collision), outside the heap: a layer may have millions of entries.
 */
@SuppressWarnings("MustBeClosedChecker") // each arena is closed by its successor or by close()
final class TouchedPaths implements AutoCloseable {
  private static final long PRIME = (1L << 61) - 1;
  private static final long START = 1024;

  private final long point;
  private Arena arena = Arena.ofConfined();
  private long capacity = START;
  private MemorySegment slots = arena.allocate(START * 8);
  private long count;

  TouchedPaths() {
    point = (new SecureRandom().nextLong() & (PRIME >> 1)) + 0x10000;
  }

  /** Goes on with a hash over more text; begin with 1. */
  long hash(long before, CharSequence text) {
    long hash = before;
    for (int i = 0; i < text.length(); i++) {
      hash = step(hash, text.charAt(i));
    }
    return hash;
  }

  /** The hash of a name in the folder whose path has this hash. */
  long child(long folder, String name) {
    return hash(step(folder, '/'), name);
  }

  private long step(long hash, char c) {
    long high = Math.multiplyHigh(hash, point);
    long low = hash * point;
    long sum = (low & PRIME) + ((low >>> 61) | (high << 3)) + c + 1;
    sum = (sum & PRIME) + (sum >>> 61);
    return sum >= PRIME ? sum - PRIME : sum;
  }

  boolean contains(long hash) {
    long value = hash + 1; // 0 marks a free slot
    for (long at = slot(value); ; at = (at + 1) & (capacity - 1)) {
      long found = slots.getAtIndex(ValueLayout.JAVA_LONG, at);
      if (found == value) {
        return true;
      }
      if (found == 0) {
        return false;
      }
    }
  }

  /** Adds a hash; returns false if it was there. */
  boolean add(long hash) {
    if (!insert(slots, hash + 1)) {
      return false;
    }
    if (++count * 3 > capacity * 2) {
      grow();
    }
    return true;
  }

  private long slot(long value) {
    return ((value * 0x9E3779B97F4A7C15L) >>> 16) & (capacity - 1);
  }

  private boolean insert(MemorySegment into, long value) {
    for (long at = slot(value); ; at = (at + 1) & (capacity - 1)) {
      long found = into.getAtIndex(ValueLayout.JAVA_LONG, at);
      if (found == value) {
        return false;
      }
      if (found == 0) {
        into.setAtIndex(ValueLayout.JAVA_LONG, at, value);
        return true;
      }
    }
  }

  private void grow() {
    MemorySegment old = slots;
    long oldCapacity = capacity;
    Arena larger = Arena.ofConfined();
    capacity = oldCapacity * 2;
    slots = larger.allocate(capacity * 8);
    for (long i = 0; i < oldCapacity; i++) {
      long value = old.getAtIndex(ValueLayout.JAVA_LONG, i);
      if (value != 0) {
        insert(slots, value);
      }
    }
    arena.close();
    arena = larger;
  }

  @Override
  public void close() {
    arena.close();
  }
}
