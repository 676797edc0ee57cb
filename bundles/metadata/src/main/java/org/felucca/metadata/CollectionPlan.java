package org.felucca.metadata;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * When the collector is to have a look: soon after something was deleted, after many other changes,
 * when something expires, and once an hour. It rests between two looks, the longer the longer they
 * take and the more often they fail. After a start nobody has looked yet, so the first time is
 * soon. For this bundle only.
 */
@Component(service = CollectionPlan.class)
public final class CollectionPlan {
  private static final Duration FIRST = Duration.ofSeconds(30);

  /** Deletions seldom come alone. */
  private static final Duration DELAY = Duration.ofSeconds(1);

  /** So many changes of any kind are reason enough. */
  private static final int MANY = 100;

  /** How much longer it rests than the last look took: it looks for 2 % of the time at most. */
  private static final int REST = 49;

  private static final Duration LONGEST_REST = Duration.ofMinutes(10);
  private static final Duration LEAST_OFTEN = Duration.ofHours(1);

  /** A clock that was set is noticed within this time. */
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private Instant next;
  private @Nullable Instant garbage;
  private int changes;
  private Instant restsUntil = Instant.EPOCH;
  private int failures;

  @Activate
  public CollectionPlan() {
    this(Instant.now().plus(FIRST));
  }

  CollectionPlan(Instant first) {
    next = first;
  }

  /** Something expires then. */
  void at(Instant time) {
    lock.lock();
    try {
      if (time.isBefore(next)) {
        next = time;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * A change was made. A label that was taken away is no deletion, as in containerd: who is busy
   * with something that nothing keeps yet may go on with it for a while.
   */
  void changed(Transaction change) {
    Instant expiry = change.expiry();
    if (expiry != null) {
      at(expiry);
    }
    lock.lock();
    try {
      changes++;
      if (change.leavesGarbage() || changes >= MANY) {
        garbageLeft();
      }
    } finally {
      lock.unlock();
    }
  }

  /** There may be garbage. */
  void garbageLeft() {
    lock.lock();
    try {
      if (garbage == null) {
        garbage = Instant.now().plus(DELAY);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** A look begins, which sees what was left until now. */
  void begun() {
    lock.lock();
    try {
      garbage = null;
      changes = 0;
    } finally {
      lock.unlock();
    }
  }

  /** A look has ended. */
  void ended(Duration took) {
    lock.lock();
    try {
      rest(took.multipliedBy(REST));
    } finally {
      lock.unlock();
    }
  }

  /** What a look found is gone. */
  void succeeded() {
    lock.lock();
    try {
      failures = 0;
    } finally {
      lock.unlock();
    }
  }

  /** A look has failed, or what it found can't be removed; there will be another. */
  void failed() {
    lock.lock();
    try {
      rest(DELAY.multipliedBy(1L << Math.min(failures++, 20)));
      garbage = Instant.now();
    } finally {
      lock.unlock();
    }
  }

  /** A rest that is due already is not made shorter. */
  private void rest(Duration time) {
    Instant until = Instant.now().plus(time.compareTo(LONGEST_REST) < 0 ? time : LONGEST_REST);
    restsUntil = until.isAfter(restsUntil) ? until : restsUntil;
  }

  /** When the next look is planned. */
  Instant planned() {
    lock.lock();
    try {
      Instant first = garbage != null && garbage.isBefore(next) ? garbage : next;
      return first.isBefore(restsUntil) ? restsUntil : first;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until it is time for a look. */
  void await() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        Instant now = Instant.now();
        Duration left = Duration.between(now, planned());
        if (left.isNegative() || left.isZero()) {
          next = now.plus(LEAST_OFTEN);
          garbage = null;
          return;
        }
        long millis = Math.min(left.toMillis() + 1, LONGEST_WAIT.toMillis());
        boolean _ = changed.await(millis, TimeUnit.MILLISECONDS);
      }
    } finally {
      lock.unlock();
    }
  }
}
