package org.felucca.registry;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.concurrent.ThreadLocalRandom;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * How long to wait before the next attempt: each time twice as long, up to a bound, a part of it by
 * chance, so that many who were turned away together do not come back together.
 *
 * @param attempts how often something is tried
 * @param first the first pause
 */
record Pauses(int attempts, Duration first) {
  private static final Duration LONGEST = Duration.ofSeconds(15);

  /** Longer than this nobody waits because a registry says so. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /** The pause behind a failed attempt, counted from 0. */
  Duration after(int attempt) {
    long most = Math.min(LONGEST.toMillis(), first.toMillis() << Math.min(attempt, 20));
    return Duration.ofMillis(most / 2 + ThreadLocalRandom.current().nextLong(most / 2 + 1));
  }

  /** What Retry-After says, in seconds or as a date; null if it says nothing that makes sense. */
  static @Nullable Duration retryAfter(@Nullable String header) {
    if (header == null) {
      return null;
    }
    if (header.strip().matches("[0-9]{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(header.strip()));
    }
    try {
      Instant until =
          ZonedDateTime.parse(header.strip(), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration left = Duration.between(Instant.now(), until);
      return left.isNegative() ? Duration.ZERO : left;
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  /** Waits; an interrupt ends it with CANCELLED. */
  static void sleep(Duration pause, String attempted) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled(attempted + ": interrupted");
    }
  }
}
