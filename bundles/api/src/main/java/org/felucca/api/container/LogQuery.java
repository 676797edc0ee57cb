package org.felucca.api.container;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which part of a log is wanted, and how.
 *
 * @param follow whether to go on until the container ends
 * @param tail only so many of the last records of those in the time; -1 for all
 * @param from the position to begin at; 0 for the beginning
 * @param since only what was stored then or later, or null
 * @param until only what was stored then or earlier, or null; it ends the following, too
 * @param timestamps whether each line begins with its time, RFC 3339 with nine digits, and a space
 */
public record LogQuery(
    boolean follow,
    long tail,
    long from,
    @Nullable Instant since,
    @Nullable Instant until,
    boolean timestamps) {
  /** All that there is at the moment. */
  public static final LogQuery ALL = new LogQuery(false, -1, 0, null, null, false);

  /** Only the last records. */
  public LogQuery withTail(long records) {
    return new LogQuery(follow, records, from, since, until, timestamps);
  }

  /** From a position on. */
  public LogQuery withFrom(long position) {
    return new LogQuery(follow, tail, position, since, until, timestamps);
  }

  /** Going on until the container ends, or not. */
  public LogQuery withFollow(boolean on) {
    return new LogQuery(on, tail, from, since, until, timestamps);
  }

  /** Only what was stored between two times. */
  public LogQuery withTime(@Nullable Instant first, @Nullable Instant last) {
    return new LogQuery(follow, tail, from, first, last, timestamps);
  }

  /** With the time before each line, or not. */
  public LogQuery withTimestamps(boolean on) {
    return new LogQuery(follow, tail, from, since, until, on);
  }
}
