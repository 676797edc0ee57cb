package org.felucca.engine;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * One lock a key, which exists only while somebody wants it. Waiting for one can be interrupted.
 */
final class KeyedLocks<K> {
  private static final class Entry {
    final ReentrantLock lock = new ReentrantLock();
    int wanted;
  }

  /** Gives the lock back when closed. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  private final Map<K, Entry> entries = new HashMap<>();

  /**
   * Waits for the lock of a key.
   *
   * @throws EngineException CANCELLED on interruption
   */
  Held lock(K key) {
    Entry entry;
    synchronized (entries) {
      entry = entries.computeIfAbsent(key, k -> new Entry());
      entry.wanted++;
    }
    try {
      entry.lock.lockInterruptibly();
    } catch (InterruptedException e) {
      giveBack(key, entry);
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait for other work on " + key);
    }
    return () -> {
      entry.lock.unlock();
      giveBack(key, entry);
    };
  }

  /** The lock of a key if nobody has it, else null. */
  @Nullable Held tryLock(K key) {
    Entry entry;
    synchronized (entries) {
      entry = entries.computeIfAbsent(key, k -> new Entry());
      entry.wanted++;
    }
    if (!entry.lock.tryLock()) {
      giveBack(key, entry);
      return null;
    }
    return () -> {
      entry.lock.unlock();
      giveBack(key, entry);
    };
  }

  private void giveBack(K key, Entry entry) {
    synchronized (entries) {
      if (--entry.wanted == 0) {
        entries.remove(key);
      }
    }
  }
}
