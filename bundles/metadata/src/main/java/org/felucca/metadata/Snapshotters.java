package org.felucca.metadata;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.snapshot.Snapshotter;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.ComponentServiceObjects;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/**
 * The snapshotters that are there now, by name. They come and go: a use waits, bounded, for one
 * that is being replaced, and one that goes is waited for, bounded, by those who use it. Before the
 * first use of one that came, what no record names is swept. For this bundle only.
 */
@Component(service = Snapshotters.class)
public final class Snapshotters {

  private static final Logger LOG = Logger.getLogger(Snapshotters.class.getName());
  private static final long WAIT = TimeUnit.SECONDS.toNanos(3);
  private static final long DRAIN_SECONDS = 2;

  /** A snapshotter, asked for at its first use: used by many at once, swept by one alone. */
  private static final class Present {
    final Object key;
    final Supplier<@Nullable Snapshotter> source;
    final ReadWriteLock uses = new ReentrantReadWriteLock();
    final ReentrantLock asking = new ReentrantLock();
    @Nullable Snapshotter found;
    boolean swept;

    Present(Object key, Supplier<@Nullable Snapshotter> source) {
      this.key = key;
      this.source = source;
    }

    Snapshotter snapshotter(String name) {
      asking.lock();
      try {
        if (found == null) {
          found = source.get();
        }
        if (found == null) {
          throw new EngineException(
              ErrorKind.UNAVAILABLE,
              "snapshotter %s does not start; the engine's log says why".formatted(name));
        }
        return found;
      } finally {
        asking.unlock();
      }
    }
  }

  private final Database database;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition came = lock.newCondition();

  /** By name, those of one name in the order in which they came; guarded by the lock. */
  private final Map<String, List<Present>> present = new HashMap<>();

  /** Names that were here once: these are waited for. */
  private final Set<String> seen = new HashSet<>();

  private final long waitNanos;
  private boolean stopped;

  @Activate
  public Snapshotters(@Reference Database database) {
    this(database, WAIT);
  }

  Snapshotters(Database database, long waitNanos) {
    this.database = database;
    this.waitNanos = waitNanos;
  }

  @Deactivate
  void stop() {
    lock.lock();
    try {
      stopped = true;
      came.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** A snapshotter came; it is activated when it is used. */
  @Reference(
      name = "snapshotters",
      service = Snapshotter.class,
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC,
      unbind = "remove")
  void add(ComponentServiceObjects<Snapshotter> objects, Map<String, Object> properties) {
    add(objects.getServiceReference(), objects::getService, properties);
  }

  /** A snapshotter goes. */
  void remove(ServiceReference<Snapshotter> reference, Map<String, Object> properties) {
    gone(reference, properties);
  }

  void add(Object key, Supplier<@Nullable Snapshotter> source, Map<String, Object> properties) {
    String name = String.valueOf(properties.get(Snapshotter.NAME));
    lock.lock();
    try {
      present.computeIfAbsent(name, n -> new ArrayList<>()).add(new Present(key, source));
      seen.add(name);
      came.signalAll();
    } finally {
      lock.unlock();
    }
    LOG.log(Level.INFO, "snapshotter added name={0}", name);
  }

  /** A snapshotter goes: nobody new gets it, and those who have it may finish. */
  void gone(Object key, Map<String, Object> properties) {
    String name = String.valueOf(properties.get(Snapshotter.NAME));
    Present gone = null;
    lock.lock();
    try {
      List<Present> all = present.getOrDefault(name, List.of());
      for (Present one : all) {
        if (one.key.equals(key)) {
          gone = one;
        }
      }
      all.remove(gone);
      if (all.isEmpty()) {
        present.remove(name);
      }
    } finally {
      lock.unlock();
    }
    if (gone == null) {
      return;
    }
    try {
      if (gone.uses.writeLock().tryLock(DRAIN_SECONDS, TimeUnit.SECONDS)) {
        gone.uses.writeLock().unlock();
      } else {
        LOG.log(Level.WARNING, "snapshotter removed while it is used name={0}", name);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    LOG.log(Level.INFO, "snapshotter removed name={0}", name);
  }

  /** The names, sorted. */
  List<String> names() {
    lock.lock();
    try {
      return List.copyOf(new TreeMap<>(present).keySet());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Uses a snapshotter.
   *
   * @throws EngineException INVALID_ARGUMENT if there is none of that name, after a while;
   *     CANCELLED on interruption; what the body throws
   */
  <T extends @Nullable Object> T use(String name, Function<Snapshotter, T> body) {
    while (true) {
      Present one = await(name);
      sweepOnce(name, one);
      Lock use = one.uses.readLock();
      use.lock();
      try {
        if (isPresent(name, one)) {
          return body.apply(one.snapshotter(name));
        }
      } finally {
        use.unlock();
      }
    }
  }

  /** Waits, bounded, for a snapshotter that is only asked about. */
  void require(String name) {
    await(name);
  }

  private boolean isPresent(String name, Present one) {
    lock.lock();
    try {
      return present.getOrDefault(name, List.of()).contains(one);
    } finally {
      lock.unlock();
    }
  }

  private Present await(String name) {
    Present found;
    lock.lock();
    try {
      long left = seen.contains(name) || seen.isEmpty() ? waitNanos : 0;
      while (true) {
        List<Present> all = present.get(name);
        if (all != null) {
          found = all.getFirst();
          break;
        }
        if (stopped) {
          throw Database.replaced();
        }
        if (left <= 0) {
          throw EngineException.invalid(
              "there is no snapshotter %s; there are %s"
                  .formatted(Identifiers.quote(name), present.keySet()));
        }
        left = came.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("waiting for snapshotter " + name + " was cancelled");
    } finally {
      lock.unlock();
    }
    return found;
  }

  private void sweepOnce(String name, Present one) {
    lock.lock();
    try {
      if (one.swept) {
        return;
      }
    } finally {
      lock.unlock();
    }
    one.uses.writeLock().lock();
    try {
      if (!one.swept) {
        sweep(name, one);
      }
      lock.lock();
      try {
        one.swept = true;
      } finally {
        lock.unlock();
      }
    } finally {
      one.uses.writeLock().unlock();
    }
  }

  /** Deletes the files of snapshots that no record names, with no other call running meanwhile. */
  void cleanup(String name) {
    Present one = await(name);
    one.uses.writeLock().lock();
    try {
      sweep(name, one);
    } finally {
      one.uses.writeLock().unlock();
    }
  }

  private void sweep(String name, Present one) {
    if (database.incomplete()) {
      return;
    }
    Set<String> live =
        Set.copyOf(
            database.read(
                sql ->
                    sql.all(
                        "SELECT id FROM snapshots WHERE snapshotter = ?",
                        row -> SnapshotRow.id(row.getLong(1)),
                        name)));
    try {
      int swept = one.snapshotter(name).sweep(live);
      if (swept > 0) {
        LOG.log(
            Level.INFO, "snapshots swept snapshotter={0} count={1}", new Object[] {name, swept});
      }
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "snapshots not swept snapshotter=" + name, e);
    }
  }
}
