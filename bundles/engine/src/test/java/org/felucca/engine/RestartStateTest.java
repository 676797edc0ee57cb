package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.container.LifeOptions;
import org.felucca.api.container.LogOptions;
import org.felucca.api.container.RestartPolicy;
import org.felucca.api.task.Exit;
import org.junit.jupiter.api.Test;

class RestartStateTest {
  private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");

  private static boolean restarts(String policy, ManagedState state) {
    return new ManagedOptions(
            false,
            false,
            LifeOptions.DEFAULT.withRestart(RestartPolicy.parse(policy)),
            LogOptions.KEPT,
            List.of(),
            null)
        .restarts(state);
  }

  private static ManagedState ended(int status) {
    return ManagedState.started("boot", START).ended(new Exit(status, START.plusSeconds(1)));
  }

  @Test
  void restarts_byPolicyAndStatus() {
    assertFalse(restarts("no", ended(1)));
    assertTrue(restarts("always", ended(0)));
    assertTrue(restarts("unless-stopped", ended(0)));
    assertFalse(restarts("on-failure", ended(0)));
    assertTrue(restarts("on-failure", ended(1)));
    assertFalse(restarts("always", ManagedState.started("boot", START)), "it runs");
  }

  @Test
  void restarts_toldToEnd_never() {
    for (String policy : List.of("always", "unless-stopped", "on-failure")) {
      assertFalse(restarts(policy, ended(137).told()), policy);
    }
  }

  @Test
  void restarts_onFailureWithANumber_countsThem() {
    ManagedState state = ended(1);
    for (int i = 0; i < 2; i++) {
      assertTrue(restarts("on-failure:2", state));
      state = state.restarted("boot", START).ended(new Exit(1, START.plusSeconds(1)));
    }
    assertFalse(restarts("on-failure:2", state));
    assertEquals(2, state.restarts());
  }

  @Test
  void pause_doublesUpToAMinute_andBeginsAnewAfterTenSeconds() {
    List<Long> pauses = new ArrayList<>();
    ManagedState state = ManagedState.started("boot", START);
    for (int i = 0; i < 12; i++) {
      state = state.restarted("boot", START).ended(new Exit(1, START.plusSeconds(9)));
      pauses.add(state.pauseMillis());
    }
    assertEquals(
        List.of(
            100L, 200L, 400L, 800L, 1600L, 3200L, 6400L, 12_800L, 25_600L, 51_200L, 60_000L,
            60_000L),
        pauses);
    state = state.restarted("boot", START).ended(new Exit(1, START.plusSeconds(10)));
    assertEquals(100, state.pauseMillis());
    assertEquals(START.plusSeconds(10).plusMillis(100), state.restartAt());
  }
}
