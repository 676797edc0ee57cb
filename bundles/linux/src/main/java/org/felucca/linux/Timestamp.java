package org.felucca.linux;

import java.time.Instant;

/**
 * A time of the kernel, which some file systems keep beyond the range of {@link Instant}.
 *
 * @param seconds since 1970, may be negative
 * @param nanos 0 to 999,999,999
 */
public record Timestamp(long seconds, int nanos) implements Comparable<Timestamp> {
  public Timestamp {
    if (nanos < 0 || nanos > 999_999_999) {
      throw new IllegalArgumentException("nanoseconds out of range: " + nanos);
    }
  }

  public static Timestamp of(Instant instant) {
    return new Timestamp(instant.getEpochSecond(), instant.getNano());
  }

  /** The instant, or the nearest end of its range. */
  public Instant instant() {
    if (seconds < Instant.MIN.getEpochSecond()) {
      return Instant.MIN;
    }
    return seconds > Instant.MAX.getEpochSecond()
        ? Instant.MAX
        : Instant.ofEpochSecond(seconds, nanos);
  }

  @Override
  public int compareTo(Timestamp other) {
    int order = Long.compare(seconds, other.seconds);
    return order != 0 ? order : Integer.compare(nanos, other.nanos);
  }
}
