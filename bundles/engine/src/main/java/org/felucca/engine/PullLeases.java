package org.felucca.engine;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.gc.Collector;
import org.felucca.api.lease.Lease;
import org.felucca.api.lease.LeaseStore;

/**
 * Leases that keep what a pull fetches until it is named. That of a pull which failed stays for a
 * day, so that the next one of the same name goes on with what came; then it and all before it go.
 */
final class PullLeases {
  private static final Logger LOG = Logger.getLogger(PullLeases.class.getName());
  private static final Duration LIFE = Duration.ofDays(1);
  private static final String LABEL = "felucca.pull";

  private final LeaseStore leases;
  private final Collector collector;
  private final Set<String> running = ConcurrentHashMap.newKeySet();

  PullLeases(LeaseStore leases, Collector collector) {
    this.leases = leases;
    this.collector = collector;
  }

  /** Pulls a name under a lease of its own, or under that which the caller has. */
  void with(Scope scope, String name, Consumer<Scope> pull) {
    if (scope.lease().isPresent()) {
      pull.accept(scope);
      return;
    }
    Scope quick = scope.withDurability(Durability.ENGINE_CRASH);
    String id = "pull-" + UUID.randomUUID();
    String expiry = Instant.now().plus(LIFE).truncatedTo(ChronoUnit.SECONDS).toString();
    running.add(id);
    try {
      leases.create(quick, id, Map.of("containerd.io/gc.expire", expiry, LABEL, name));
      pull.accept(scope.withLease(id));
      running.remove(id);
      boolean interrupted = Thread.interrupted();
      try {
        sweep(quick, name);
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    } finally {
      running.remove(id);
    }
  }

  /** Ends the leases of pulls of a name that do not run any more, once one has come to its end. */
  private void sweep(Scope scope, String name) {
    try {
      String filter = "labels.\"%s\"==%s".formatted(LABEL, Identifiers.quote(name));
      int ended = 0;
      for (Lease lease : leases.list(scope, List.of(filter))) {
        if (!running.contains(lease.id())) {
          delete(scope, lease.id());
          ended++;
        }
      }
      if (ended > 1) {
        collector.collect(); // what a failed pull had fetched, and this one did not want
      }
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "clean-up after a pull is incomplete name=" + name, e);
    }
  }

  private void delete(Scope scope, String id) {
    try {
      leases.delete(scope, id);
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
    }
  }
}
