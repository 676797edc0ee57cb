package org.felucca.engine;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.gc.Collector;
import org.felucca.api.lease.LeaseStore;

/**
 * Leases that keep what a work makes until it is named. One ends with its work; of an engine that
 * was killed, the next one ends it.
 */
final class WorkLeases {
  private static final Logger LOG = Logger.getLogger(WorkLeases.class.getName());

  /** How long a work may take before its lease lets go. */
  private static final Duration LEASE = Duration.ofHours(24);

  /** What the ids of leases begin with that are for the time of one work of an engine. */
  static final String PREFIX = "felucca-";

  /** And those of this one. */
  static final String OWN_PREFIX = PREFIX + UUID.randomUUID() + "-";

  private final LeaseStore leases;
  private final Collector collector;

  WorkLeases(LeaseStore leases, Collector collector) {
    this.leases = leases;
    this.collector = collector;
  }

  /** Works under a lease of its own, or under that which the caller has. */
  <T> T with(Scope scope, Function<Scope, T> work) {
    return scope.lease().isPresent() ? work.apply(scope) : withOwn(scope, false, work);
  }

  /** Works under a lease of its own; what only that kept is collected at the end. */
  <T> T discarding(Scope scope, Function<Scope, T> work) {
    return withOwn(scope, true, work);
  }

  private <T> T withOwn(Scope scope, boolean discard, Function<Scope, T> work) {
    Scope quick = scope.withDurability(Durability.ENGINE_CRASH);
    String id = OWN_PREFIX + UUID.randomUUID();
    String expiry = Instant.now().plus(LEASE).truncatedTo(ChronoUnit.SECONDS).toString();
    leases.create(quick, id, Map.of("containerd.io/gc.expire", expiry));
    boolean done = false;
    try {
      T result = work.apply(scope.withLease(id));
      done = !discard;
      return result;
    } finally {
      boolean interrupted = Thread.interrupted();
      try {
        leases.delete(quick, id);
        if (!done) {
          collector.collect(); // what it had made so far
        }
      } catch (EngineException e) {
        LOG.log(Level.WARNING, "clean-up after a work is incomplete lease=" + id, e);
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}
