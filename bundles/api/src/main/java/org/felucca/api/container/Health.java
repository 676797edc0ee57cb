package org.felucca.api.container;

import java.time.Instant;
import java.util.List;

/**
 * How a container is, by its checks.
 *
 * @param status the answer
 * @param failingStreak how many checks have failed in a row
 * @param results the last five checks, the oldest first; unmodifiable
 */
public record Health(Status status, int failingStreak, List<Result> results) {
  /** The answer. */
  public enum Status {
    /** No check has succeeded yet, and not enough of them have failed. */
    STARTING,
    /** It is well. */
    HEALTHY,
    /** Too many checks in a row have failed. */
    UNHEALTHY
  }

  /**
   * One check.
   *
   * @param start when it began
   * @param end when it ended
   * @param exitCode 0 for well; -1 if it could not be run, or not in its time
   * @param output the beginning of what it wrote
   */
  public record Result(Instant start, Instant end, int exitCode, String output) {}

  /** Before the first check. */
  public static final Health UNKNOWN = new Health(Status.STARTING, 0, List.of());

  /** Copies the list. */
  public Health {
    results = List.copyOf(results);
  }
}
