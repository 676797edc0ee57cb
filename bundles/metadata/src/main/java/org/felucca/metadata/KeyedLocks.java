package org.felucca.metadata;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.api.EngineException;

/** A lock for each key that somebody works on. */
final class KeyedLocks<K> {

  private static final class Entry {
    final ReentrantLock lock = new ReentrantLock();
    int users;
  }

  /** A lock that is held until it is closed, by the thread that took it. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  private final Map<K, Entry> entries = new HashMap<>();

  /**
   * Waits for the key's lock.
   *
   * @throws EngineException CANCELLED on interruption
   */
  Held lock(K key) {
    Entry entry = enter(key);
    try {
      entry.lock.lockInterruptibly();
    } catch (InterruptedException e) {
      leave(key, entry);
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("waiting for " + key + " was cancelled");
    }
    return held(key, entry);
  }

  /** As {@link #lock}, also on an interrupted thread. */
  Held lockAlways(K key) {
    Entry entry = enter(key);
    entry.lock.lock();
    return held(key, entry);
  }

  private Held held(K key, Entry entry) {
    return () -> {
      entry.lock.unlock();
      leave(key, entry);
    };
  }

  private Entry enter(K key) {
    synchronized (entries) {
      Entry entry = entries.computeIfAbsent(key, k -> new Entry());
      entry.users++;
      return entry;
    }
  }

  private void leave(K key, Entry entry) {
    synchronized (entries) {
      if (--entry.users == 0) {
        entries.remove(key);
      }
    }
  }
}
