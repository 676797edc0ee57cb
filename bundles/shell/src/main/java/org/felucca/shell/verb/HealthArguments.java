package org.felucca.shell.verb;

import java.time.Duration;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.container.HealthCheck;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How to see whether a container is well. */
final class HealthArguments {
  @Option(
      names = "--health-cmd",
      paramLabel = "LINE",
      description = "a line for its shell; 0 means well (else the image's check)")
  @Nullable String line;

  @Option(
      names = "--health-interval",
      paramLabel = "SPAN",
      description = "between two checks (30s is usual)")
  @Nullable String interval;

  @Option(
      names = "--health-timeout",
      paramLabel = "SPAN",
      description = "after which a check is killed and has failed (30s is usual)")
  @Nullable String timeout;

  @Option(
      names = "--health-retries",
      paramLabel = "NUMBER",
      description = "so many failures in a row make it unhealthy (3 is usual)")
  @Nullable Integer retries;

  @Option(
      names = "--health-start-period",
      paramLabel = "SPAN",
      description = "after the start, in which failures do not count")
  @Nullable String startPeriod;

  @Option(
      names = "--health-start-interval",
      paramLabel = "SPAN",
      description = "between two checks in that period (5s is usual)")
  @Nullable String startInterval;

  @Option(names = "--no-healthcheck", description = "no check, whatever the image says")
  boolean none;

  /** The check that is wanted; null for the image's. */
  @Nullable HealthCheck options() {
    boolean some =
        line != null
            || interval != null
            || timeout != null
            || retries != null
            || startPeriod != null
            || startInterval != null;
    if (none) {
      if (some) {
        throw EngineException.invalid(
            "--no-healthcheck contradicts the other options of health checks; leave one of them away");
      }
      return HealthCheck.NONE;
    }
    if (!some) {
      return null;
    }
    if (retries != null && retries < 0) {
      throw EngineException.invalid(
          "--health-retries %d is out of range: give 1 or more, or 0 for what is usual"
              .formatted(retries));
    }
    return new HealthCheck(
        line == null || line.isEmpty() ? List.of() : List.of("CMD-SHELL", line),
        span("--health-interval", interval),
        span("--health-timeout", timeout),
        span("--health-start-period", startPeriod),
        span("--health-start-interval", startInterval),
        retries);
  }

  private static @Nullable Duration span(String option, @Nullable String text) {
    if (text == null) {
      return null;
    }
    return text.equals("0") ? Duration.ZERO : Spans.parse(option, text);
  }
}
