package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.container.Health;
import org.felucca.api.container.HealthCheck;
import org.junit.jupiter.api.Test;

class HealthChecksTest {
  private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");

  private static byte[] image(String members) {
    return "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":{%s}}"
        .formatted(members)
        .getBytes(StandardCharsets.UTF_8);
  }

  private static final byte[] PLAIN = image("");
  private static final byte[] CHECKED =
      image(
          "\"Healthcheck\":{\"Test\":[\"CMD\",\"ping\",\"here\"],\"Interval\":1000000000,\"Retries\":7}");

  private static HealthCheck line(String line) {
    return new HealthCheck(List.of("CMD-SHELL", line), null, null, null, null, null);
  }

  @Test
  void resolve_fillsInWhatIsUsual() {
    assertEquals(
        new HealthCheck(
            List.of("CMD", "/bin/sh", "-c", "test -e /x"),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ZERO,
            Duration.ofSeconds(5),
            3),
        HealthChecks.resolve(line("test -e /x"), PLAIN));
  }

  @Test
  void resolve_takesFromTheImageWhatIsNotSaid() {
    HealthCheck check =
        HealthChecks.resolve(
            new HealthCheck(List.of(), null, Duration.ofSeconds(2), null, null, null), CHECKED);
    assertEquals(
        new HealthCheck(
            List.of("CMD", "ping", "here"),
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            Duration.ZERO,
            Duration.ofSeconds(5),
            7),
        check);
    assertEquals(
        List.of("CMD", "/bin/bash", "-ec", "x"),
        HealthChecks.resolve(line("x"), image("\"Shell\":[\"/bin/bash\",\"-ec\"]")).test());
  }

  @Test
  void resolve_noneAndNothing_giveNoCheck() {
    assertNull(HealthChecks.resolve(null, PLAIN));
    assertNull(HealthChecks.resolve(HealthCheck.NONE, CHECKED));
    assertNull(HealthChecks.resolve(null, image("\"Healthcheck\":{\"Test\":[\"NONE\"]}")));
  }

  @Test
  void resolve_whatMakesNoSense_isRefused() {
    for (HealthCheck wrong :
        List.of(
            new HealthCheck(List.of(), Duration.ofSeconds(1), null, null, null, null),
            new HealthCheck(List.of("CMD"), null, null, null, null, null),
            new HealthCheck(List.of("SOMETIMES", "x"), null, null, null, null, null),
            new HealthCheck(List.of("CMD", "x"), Duration.ofNanos(5), null, null, null, null),
            new HealthCheck(List.of("CMD", "x"), null, null, null, null, -1))) {
      assertThrows(EngineException.class, () -> HealthChecks.resolve(wrong, PLAIN));
    }
  }

  private static Health.Result result(int status, int second) {
    Instant at = START.plusSeconds(second);
    return new Health.Result(at, at, status, "at " + second);
  }

  @Test
  void counted_asDockerCounts() {
    HealthCheck check =
        new HealthCheck(
            List.of("CMD", "x"), null, null, Duration.ofSeconds(10), Duration.ofSeconds(1), 2);
    Health health = HealthChecks.counted(Health.UNKNOWN, result(1, 5), check, START);
    assertEquals(Health.Status.STARTING, health.status());
    assertEquals(0, health.failingStreak(), "within the start period");
    health = HealthChecks.counted(health, result(1, 10), check, START);
    assertEquals(Health.Status.STARTING, health.status());
    assertEquals(1, health.failingStreak());
    health = HealthChecks.counted(health, result(0, 11), check, START);
    assertEquals(Health.Status.HEALTHY, health.status());
    health = HealthChecks.counted(health, result(1, 12), check, START);
    assertEquals(Health.Status.HEALTHY, health.status());
    health = HealthChecks.counted(health, result(-1, 13), check, START);
    assertEquals(Health.Status.UNHEALTHY, health.status());
    assertEquals(2, health.failingStreak());
    health = HealthChecks.counted(health, result(0, 14), check, START);
    assertEquals(Health.Status.HEALTHY, health.status());
    assertEquals(0, health.failingStreak());
    assertEquals(
        List.of("at 10", "at 11", "at 12", "at 13", "at 14"),
        health.results().stream().map(Health.Result::output).toList());
  }

  @Test
  void counted_healthyOnceInTheStartPeriod_failuresCount() {
    HealthCheck check =
        new HealthCheck(List.of("CMD", "x"), null, null, Duration.ofHours(1), null, 1);
    Health health = HealthChecks.counted(Health.UNKNOWN, result(0, 1), check, START);
    health = HealthChecks.counted(health, result(1, 2), check, START);
    assertEquals(Health.Status.UNHEALTHY, health.status());
  }

  @Test
  void pause_isShorterInTheStartPeriod() {
    HealthCheck check =
        new HealthCheck(
            List.of("CMD", "x"),
            Duration.ofSeconds(30),
            null,
            Duration.ofSeconds(10),
            Duration.ofSeconds(2),
            1);
    assertEquals(
        Duration.ofSeconds(2),
        HealthChecks.pause(Health.UNKNOWN, check, START, START.plusSeconds(9)));
    assertEquals(
        Duration.ofSeconds(30),
        HealthChecks.pause(Health.UNKNOWN, check, START, START.plusSeconds(10)));
    assertEquals(
        Duration.ofSeconds(30),
        HealthChecks.pause(
            new Health(Health.Status.HEALTHY, 0, List.of()), check, START, START.plusSeconds(1)));
    assertTrue(HealthChecks.INTERVAL.compareTo(HealthChecks.START_INTERVAL) > 0);
  }
}
