package org.felucca.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.Health;
import org.felucca.api.container.HealthCheck;
import org.felucca.oci.ContainerConfig;
import org.felucca.oci.ContainerConfig.Healthcheck;
import org.felucca.oci.ImageConfig;
import org.jspecify.annotations.Nullable;

/** Makes of what a user wants, what the image says and what is usual one whole health check. */
final class HealthChecks {
  static final Duration INTERVAL = Duration.ofSeconds(30);
  static final Duration TIMEOUT = Duration.ofSeconds(30);
  static final Duration START_INTERVAL = Duration.ofSeconds(5);
  static final int RETRIES = 3;

  /** So many results are kept. */
  private static final int KEPT = 5;

  private static final Duration SHORTEST = Duration.ofMillis(1);
  private static final String LINE = "CMD-SHELL";

  private HealthChecks() {}

  /**
   * The check with nothing left open, its test as {@code CMD} with arguments; null for none.
   *
   * @throws EngineException INVALID_ARGUMENT for what makes no sense
   */
  static @Nullable HealthCheck resolve(@Nullable HealthCheck wanted, byte[] imageConfig) {
    ContainerConfig config = ImageConfig.parse(imageConfig, "the config of the image").config();
    Healthcheck image = config.healthcheck();
    List<String> test = wanted == null ? List.of() : wanted.test();
    if (test.isEmpty() && image != null) {
      test = image.test();
    }
    if (test.isEmpty()) {
      if (wanted != null) {
        throw EngineException.invalid(
            "--health-interval and its like say how often to check, but the image has no check; add --health-cmd");
      }
      return null;
    }
    if (test.equals(List.of("NONE"))) {
      return null;
    }
    HealthCheck given =
        wanted == null ? new HealthCheck(test, null, null, null, null, null) : wanted;
    Integer retries = given.retries();
    if (retries != null && retries < 0) {
      throw EngineException.invalid("--health-retries " + retries + " is negative; give 1 or more");
    }
    if (retries == null || retries == 0) {
      retries = image == null || image.retries() == 0 ? RETRIES : image.retries();
    }
    return new HealthCheck(
        command(test, config.shell()),
        span(
            "--health-interval",
            given.interval(),
            image == null ? null : image.interval(),
            INTERVAL),
        span("--health-timeout", given.timeout(), image == null ? null : image.timeout(), TIMEOUT),
        span(
            "--health-start-period",
            given.startPeriod(),
            image == null ? null : image.startPeriod(),
            Duration.ZERO),
        span(
            "--health-start-interval",
            given.startInterval(),
            image == null ? null : image.startInterval(),
            START_INTERVAL),
        retries);
  }

  private static List<String> command(List<String> test, List<String> shell) {
    List<String> command = new ArrayList<>(List.of("CMD"));
    if (test.getFirst().equals(LINE) && test.size() == 2) {
      command.addAll(shell.isEmpty() ? List.of("/bin/sh", "-c") : shell);
      command.add(test.getLast());
    } else if (test.getFirst().equals("CMD") && test.size() > 1) {
      command.addAll(test.subList(1, test.size()));
    } else {
      throw EngineException.invalid(
          "the health check %s is not understood: it must be NONE, CMD with arguments or CMD-SHELL with a line"
              .formatted(Identifiers.quote(String.join(" ", test))));
    }
    return command;
  }

  private static Duration span(
      String option, @Nullable Duration given, @Nullable Duration image, Duration usual) {
    if (given == null || given.isZero()) {
      return image == null || image.isZero() || image.isNegative() ? usual : image;
    }
    if (given.compareTo(SHORTEST) < 0) {
      throw EngineException.invalid(option + " is too short: a millisecond is the least");
    }
    return given;
  }

  /** How a container is after one more check. */
  static Health counted(Health before, Health.Result result, HealthCheck check, Instant startedAt) {
    List<Health.Result> results = new ArrayList<>(before.results());
    results.add(result);
    if (results.size() > KEPT) {
      results.removeFirst();
    }
    if (result.exitCode() == 0) {
      return new Health(Health.Status.HEALTHY, 0, results);
    }
    Duration since = Duration.between(startedAt, result.start());
    boolean starting =
        before.status() == Health.Status.STARTING
            && since.compareTo(Objects.requireNonNullElse(check.startPeriod(), Duration.ZERO)) < 0;
    int streak = starting ? before.failingStreak() : before.failingStreak() + 1;
    boolean tooMany = streak >= Objects.requireNonNullElse(check.retries(), RETRIES);
    return new Health(tooMany ? Health.Status.UNHEALTHY : before.status(), streak, results);
  }

  /** How long to wait for the next check. */
  static Duration pause(Health health, HealthCheck check, Instant startedAt, Instant now) {
    Duration period = Objects.requireNonNullElse(check.startPeriod(), Duration.ZERO);
    boolean starting =
        health.status() == Health.Status.STARTING && now.isBefore(startedAt.plus(period));
    Duration usual = Objects.requireNonNullElse(check.interval(), INTERVAL);
    if (!starting) {
      return usual;
    }
    Duration first = Objects.requireNonNullElse(check.startInterval(), START_INTERVAL);
    return first.compareTo(usual) < 0 ? first : usual;
  }
}
