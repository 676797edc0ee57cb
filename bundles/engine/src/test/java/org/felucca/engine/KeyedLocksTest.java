package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.junit.jupiter.api.Test;

class KeyedLocksTest {
  private final KeyedLocks<String> locks = new KeyedLocks<>();

  @Test
  void lock_sameKey_onlyOneAtATime() throws Exception {
    int[] counter = new int[1];
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        all.add(
            threads.submit(
                () -> {
                  try (KeyedLocks.Held _ = locks.lock("key")) {
                    int seen = counter[0];
                    Thread.yield();
                    counter[0] = seen + 1;
                  }
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
    assertEquals(200, counter[0]);
  }

  @Test
  void tryLock_held_isNullAndFreeAfterwards() throws Exception {
    try (KeyedLocks.Held _ = locks.lock("key");
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      assertNull(thread.submit(() -> locks.tryLock("key")).get());
      KeyedLocks.Held other = thread.submit(() -> locks.tryLock("other")).get();
      assertNotNull(other);
    }
    KeyedLocks.Held again = locks.tryLock("key");
    assertNotNull(again);
    again.close();
  }

  @Test
  void lock_interrupted_isCancelled() {
    Thread.currentThread().interrupt();
    EngineException e = assertThrows(EngineException.class, () -> locks.lock("key"));
    assertEquals(ErrorKind.CANCELLED, e.kind());
    assertTrue(Thread.interrupted());
  }
}
