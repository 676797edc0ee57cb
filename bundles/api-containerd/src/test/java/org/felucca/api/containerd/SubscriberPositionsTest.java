package org.felucca.api.containerd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.felucca.linux.ProcessId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubscriberPositionsTest {
  private static final List<String> TASKS = List.of("namespace==moby,topic~=|^/tasks/|");
  private static final List<String> ALL = List.of();

  @TempDir Path folder;
  private Instant now = Instant.parse("2026-11-24T10:00:00Z");
  private final Set<ProcessId> dead = new HashSet<>();

  private SubscriberPositions open() {
    return open("boot");
  }

  private SubscriberPositions open(String boot) {
    return new SubscriberPositions(
        folder.resolve("state/subscribers"), boot, () -> now, process -> !dead.contains(process));
  }

  private static Peer peer(int pid, long connection) {
    return new Peer(new ProcessId(pid, 7), connection);
  }

  @Test
  void follow_ofANewcomer_beginsAtTheNewest() {
    try (SubscriberPositions positions = open();
        SubscriberPositions.Following following = positions.follow(peer(1, 1), TASKS, 40)) {
      assertFalse(following.again());
      assertEquals(40, following.from());
    }
  }

  @Test
  void follow_afterTheEngineWasKilled_goesOn() {
    // Nothing is closed: a killed engine closes nothing.
    SubscriberPositions killed = open();
    SubscriberPositions.Following before = killed.follow(peer(1, 1), TASKS, 40);
    before.handed(41);
    before.sent(41);
    before.handed(45);
    try (SubscriberPositions positions = open()) {
      SubscriberPositions.Following following = positions.follow(peer(1, 1), TASKS, 60);
      assertTrue(following.again());
      assertEquals(41, following.from());
      assertEquals(45, following.uncertainTo());
      assertFalse(positions.follow(peer(1, 2), TASKS, 60).again(), "one subscription goes on once");
      assertFalse(positions.follow(peer(1, 1), ALL, 60).again(), "with other filters");
      assertFalse(positions.follow(peer(2, 1), TASKS, 60).again(), "another process");
      assertFalse(
          positions.follow(new Peer(new ProcessId(1, 8), 1), TASKS, 60).again(),
          "a later process of that number");
    }
  }

  @Test
  void follow_afterTheEngineWasStopped_goesOnHoweverLongThatTook() {
    try (SubscriberPositions stopped = open()) {
      stopped.follow(peer(1, 1), TASKS, 40).close(); // the server went first
    }
    now = now.plusSeconds(3600);
    try (SubscriberPositions positions = open()) {
      assertTrue(positions.follow(peer(1, 1), TASKS, 60).again());
    }
  }

  @Test
  void follow_byAnotherConnectionSoonAfterTheFirstEnded_goesOn() {
    try (SubscriberPositions positions = open()) {
      positions.follow(peer(1, 1), TASKS, 40).close();
      SubscriberPositions.Following following = positions.follow(peer(1, 2), TASKS, 60);
      assertTrue(following.again());
      assertEquals(40, following.from());
    }
  }

  @Test
  void follow_afterASubscriptionWasGivenUp_beginsAtTheNewest() {
    try (SubscriberPositions positions = open()) {
      positions.follow(peer(1, 1), TASKS, 40).close();
      assertFalse(positions.follow(peer(1, 1), TASKS, 60).again(), "on the same connection");
      positions.follow(peer(2, 1), TASKS, 40).close();
      now = now.plus(SubscriberPositions.RETURN).plusMillis(1);
      assertFalse(positions.follow(peer(2, 2), TASKS, 60).again(), "too late");
    }
  }

  @Test
  void follow_withAPositionOfAnotherLog_beginsAtTheNewest() {
    SubscriberPositions killed = open();
    killed.follow(peer(1, 1), TASKS, 40).sent(50);
    try (SubscriberPositions positions = open()) {
      SubscriberPositions.Following following = positions.follow(peer(1, 1), TASKS, 3);
      assertFalse(following.again());
      assertEquals(3, following.from());
    }
  }

  @Test
  void follow_afterAReboot_beginsAtTheNewest() {
    SubscriberPositions killed = open();
    killed.follow(peer(1, 1), TASKS, 40).sent(41);
    try (SubscriberPositions positions = open("another boot")) {
      assertFalse(positions.follow(peer(1, 1), TASKS, 60).again());
    }
  }

  @Test
  void follow_ofAPeerThatIsNotKnown_keepsNothing() {
    try (SubscriberPositions positions = open();
        SubscriberPositions.Following following = positions.follow(null, TASKS, 40)) {
      following.handed(41);
      following.sent(41);
      assertEquals(40, following.from());
    }
  }

  @Test
  void follow_whenAllSlotsAreTaken_takesThoseOfTheDead() {
    try (SubscriberPositions positions = open()) {
      List<SubscriberPositions.Following> all = new ArrayList<>();
      for (int pid = 1; pid <= SubscriberPositions.SLOTS; pid++) {
        all.add(positions.follow(peer(pid, pid), TASKS, 40));
      }
      SubscriberPositions.Following more = positions.follow(peer(5000, 1), TASKS, 41);
      more.sent(45);
      assertEquals(41, more.from(), "it is served all the same");
      more.close();
    }
    dead.add(new ProcessId(17, 7));
    try (SubscriberPositions positions = open()) {
      positions.follow(peer(6000, 1), TASKS, 50).sent(51);
    }
    try (SubscriberPositions positions = open()) {
      assertTrue(positions.follow(peer(6000, 1), TASKS, 60).again());
      assertTrue(positions.follow(peer(18, 1), TASKS, 60).again());
      assertFalse(positions.follow(peer(17, 1), TASKS, 60).again());
    }
  }
}
