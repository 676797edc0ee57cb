package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.gc.Collected;
import org.felucca.api.lease.Lease;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.lease.LeasedResource;
import org.junit.jupiter.api.Test;

class PullLeasesTest {
  /** Leases of one name in memory, whatever the filter. */
  private static final class Store implements LeaseStore {
    final Map<String, Lease> leases = new LinkedHashMap<>();

    @Override
    public Lease create(Scope scope, String id, Map<String, String> labels) {
      Lease lease = new Lease(id, Instant.EPOCH, labels);
      leases.put(id, lease);
      return lease;
    }

    @Override
    public void delete(Scope scope, String id) {
      leases.remove(id);
    }

    @Override
    public List<Lease> list(Scope scope, List<String> filters) {
      return new ArrayList<>(leases.values());
    }

    @Override
    public void addResource(Scope scope, String id, LeasedResource resource) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void deleteResource(Scope scope, String id, LeasedResource resource) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<LeasedResource> resources(Scope scope, String id) {
      throw new UnsupportedOperationException();
    }
  }

  private final Store store = new Store();
  private final AtomicInteger collections = new AtomicInteger();
  private final PullLeases leases =
      new PullLeases(
          store,
          () -> {
            collections.incrementAndGet();
            return new Collected(0, 0, 0);
          });

  private void pull(Consumer<Scope> work) {
    leases.with(Scope.of(Namespace.DEFAULT), "example.org/box:1", work);
  }

  @Test
  void with_pullsThatFail_keepWhatAllOfThemFetchedUntilOneSucceeds() {
    for (int i = 1; i <= 3; i++) {
      assertThrows(
          EngineException.class,
          () ->
              pull(
                  scope -> {
                    throw EngineException.unavailable("broke off");
                  }));
      assertEquals(i, store.leases.size());
    }
    assertEquals(0, collections.get());
    pull(scope -> {});
    assertEquals(Map.of(), store.leases);
    assertEquals(1, collections.get());
  }

  @Test
  void with_pullThatSucceeds_collectsNothing() {
    pull(scope -> {});
    assertEquals(Map.of(), store.leases);
    assertEquals(0, collections.get());
  }
}
