package org.felucca.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CollectionPlanTest {

  private final Instant first = Instant.now().plusSeconds(3000);
  private final CollectionPlan plan = new CollectionPlan(first);

  private void assertPlannedIn(long fromSeconds, long toSeconds) {
    Duration left = Duration.between(Instant.now(), plan.planned());
    assertTrue(
        left.compareTo(Duration.ofSeconds(fromSeconds)) > 0
            && left.compareTo(Duration.ofSeconds(toSeconds)) <= 0,
        left::toString);
  }

  @Test
  void planned_isTheFirstOfWhatIsToCome() {
    assertEquals(first, plan.planned());
    plan.at(first.plusSeconds(5));
    assertEquals(first, plan.planned());
    plan.at(first.minusSeconds(5));
    assertEquals(first.minusSeconds(5), plan.planned());
    plan.garbageLeft();
    assertPlannedIn(-60, 1);
    plan.begun();
    assertEquals(first.minusSeconds(5), plan.planned());
  }

  @Test
  void garbageLeft_afterALongLook_waitsInProportion() {
    plan.ended(Duration.ofSeconds(2));
    plan.garbageLeft();
    assertPlannedIn(98 - 60, 98);
    plan.ended(Duration.ofDays(1));
    assertPlannedIn(600 - 60, 600);
  }

  @Test
  void failed_isTriedAgainLaterAndLater_untilItSucceeds() {
    plan.failed();
    assertPlannedIn(-60, 1);
    for (int i = 0; i < 8; i++) {
      plan.failed();
    }
    assertPlannedIn(256 - 60, 256);
    for (int i = 0; i < 50; i++) {
      plan.failed();
    }
    assertPlannedIn(600 - 60, 600);
    plan.begun();
    plan.ended(Duration.ZERO);
    assertEquals(first, plan.planned());
    plan.failed();
    assertPlannedIn(-60, 1);
  }

  @Test
  void await_endsWhenItIsTime_andThenWaitsForAnHour() throws Exception {
    CompletableFuture<Void> waited = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                plan.await();
                waited.complete(null);
              } catch (InterruptedException e) {
                waited.completeExceptionally(e);
              }
            });
    assertFalse(waited.isDone());
    plan.garbageLeft();
    waited.get(60, TimeUnit.SECONDS);
    assertPlannedIn(3600 - 120, 3600);
  }
}
