package org.felucca.shell.verb;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/** Spans of time as people type them: {@code 30s}, {@code 1m30s}, {@code 1.5h}, {@code 500ms}. */
final class Spans {
  private static final Pattern PART =
      Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?)(ms|us|ns|d|h|m|s)");

  private Spans() {}

  /**
   * The span.
   *
   * @throws EngineException INVALID_ARGUMENT
   */
  static Duration parse(String option, String text) {
    Matcher matcher = PART.matcher(text);
    double nanos = 0;
    int end = 0;
    while (matcher.find() && matcher.start() == end) {
      nanos += Double.parseDouble(matcher.group(1)) * unit(matcher.group(2)).toNanos();
      end = matcher.end();
    }
    if (end == 0 || end != text.length() || nanos > Long.MAX_VALUE / 2.0) {
      throw EngineException.invalid(
          "%s %s is not a span of time: write it as 30s, 1m30s or 500ms (d, h, m, s, ms, us, ns)"
              .formatted(option, Identifiers.quote(text)));
    }
    return Duration.ofNanos(Math.round(nanos));
  }

  private static Duration unit(String unit) {
    return switch (unit) {
      case "d" -> Duration.ofDays(1);
      case "h" -> Duration.ofHours(1);
      case "m" -> Duration.ofMinutes(1);
      case "s" -> Duration.ofSeconds(1);
      case "ms" -> Duration.ofMillis(1);
      case "us" -> Duration.ofNanos(1000);
      default -> Duration.ofNanos(1);
    };
  }
}
