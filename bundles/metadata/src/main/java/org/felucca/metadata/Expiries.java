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
 * When the next thing expires, for whoever collects it then. After a start nobody has looked yet,
 * so the first time is soon. For this bundle only.
 */
@Component(service = Expiries.class)
public final class Expiries {
  private static final Duration FIRST = Duration.ofSeconds(30);

  /** A clock that was set is noticed within this time. */
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable Instant next;

  @Activate
  public Expiries() {
    this(Instant.now().plus(FIRST));
  }

  Expiries(Instant first) {
    next = first;
  }

  /** Something expires then. */
  void at(Instant time) {
    lock.lock();
    try {
      if (next == null || time.isBefore(next)) {
        next = time;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits until something has expired. */
  void await() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        Instant now = Instant.now();
        if (next != null && !now.isBefore(next)) {
          next = null;
          return;
        }
        if (next == null) {
          changed.await();
        } else {
          Duration left = Duration.between(now, next).plusMillis(1);
          long millis = Math.min(left.toMillis() + 1, LONGEST.toMillis());
          boolean _ = changed.await(millis, TimeUnit.MILLISECONDS);
        }
      }
    } finally {
      lock.unlock();
    }
  }
}
