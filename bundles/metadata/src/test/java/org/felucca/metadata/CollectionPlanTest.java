package org.felucca.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
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

  private static Transaction change() {
    return new Transaction(new Sql(null));
  }

  @Test
  void changed_plansForDeletions_forManyOthers_andForExpiries() {
    for (int i = 0; i < 99; i++) {
      plan.changed(change());
    }
    assertEquals(first, plan.planned());
    plan.changed(change());
    assertPlannedIn(-60, 1);
    plan.begun();
    plan.changed(change());
    assertEquals(first, plan.planned());
    Transaction labelled = change();
    labelled.labelled("x", Map.of("containerd.io/gc.expire", first.minusSeconds(7).toString()));
    labelled.labelled("y", Map.of("containerd.io/gc.expire", first.toString()));
    labelled.labelled("z", Map.of());
    plan.changed(labelled);
    assertEquals(first.minusSeconds(7), plan.planned());
    Transaction deletion = change();
    deletion.mayLeaveGarbage();
    plan.changed(deletion);
    assertPlannedIn(-60, 1);
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
    fail(1);
    assertPlannedIn(-60, 1);
    fail(8);
    assertPlannedIn(256 - 60, 256);
    fail(50);
    assertPlannedIn(600 - 60, 600);
  }

  @Test
  void failed_afterSuccess_beginsAnew() {
    fail(3);
    plan.begun();
    plan.ended(Duration.ZERO);
    plan.succeeded();
    fail(1);
    assertPlannedIn(-60, 4);
  }

  @Test
  void failed_afterALongLook_doesNotShortenTheRest() {
    plan.begun();
    plan.ended(Duration.ofSeconds(2));
    plan.failed();
    assertPlannedIn(98 - 60, 98);
  }

  /** Looks that end, but what they find can't be removed. */
  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      plan.begun();
      plan.ended(Duration.ZERO);
      plan.failed();
    }
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
