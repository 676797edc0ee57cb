package org.felucca.shell.view;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/** Points in time as people type them. */
public final class Times {
  private static final Pattern SPAN =
      Pattern.compile(
          "(?:([0-9]{1,6})d)?(?:([0-9]{1,8})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,11})(?:\\.([0-9]{1,9}))?s)?(?:([0-9]{1,11})ms)?");
  private static final Pattern UNIX = Pattern.compile("([0-9]{1,11})(?:\\.([0-9]{1,9}))?");

  private Times() {}

  /**
   * Reads a time: a span before now ({@code 10m}, {@code 1h30m}, {@code 2d}), RFC 3339 ({@code
   * 2026-11-24T13:00:00Z}; without a zone it is the machine's; a day alone is its beginning), or
   * seconds since 1970 with or without a fraction.
   *
   * @param option what it was given with, for messages
   * @throws EngineException INVALID_ARGUMENT
   */
  public static Instant parse(String option, String text, Instant now) {
    try {
      Matcher unix = UNIX.matcher(text);
      if (unix.matches()) {
        return Instant.ofEpochSecond(Long.parseLong(unix.group(1)), nanos(unix.group(2)));
      }
      Matcher span = SPAN.matcher(text);
      if (!text.isEmpty() && span.matches()) {
        return now.minus(
            Duration.ofDays(number(span.group(1)))
                .plusHours(number(span.group(2)))
                .plusMinutes(number(span.group(3)))
                .plusSeconds(number(span.group(4)))
                .plusNanos(nanos(span.group(5)))
                .plusMillis(number(span.group(6))));
      }
      if (text.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}")) {
        return LocalDate.parse(text).atStartOfDay(ZoneId.systemDefault()).toInstant();
      }
      if (text.matches(".*(?:[Zz]|[+-][0-9]{2}:[0-9]{2})")) {
        return OffsetDateTime.parse(text).toInstant();
      }
      return LocalDateTime.parse(text).atZone(ZoneId.systemDefault()).toInstant();
    } catch (DateTimeException | ArithmeticException e) {
      throw new EngineException(
          org.felucca.api.ErrorKind.INVALID_ARGUMENT,
          "%s %s is no time: write it as 10m or 1h30m (before now), as 2026-11-24T13:00:00Z, or in seconds since 1970"
              .formatted(option, Identifiers.quote(text)),
          e);
    }
  }

  private static long number(@org.jspecify.annotations.Nullable String digits) {
    return digits == null ? 0 : Long.parseLong(digits);
  }

  private static long nanos(@org.jspecify.annotations.Nullable String fraction) {
    return fraction == null ? 0 : Long.parseLong((fraction + "000000000").substring(0, 9));
  }
}
