package org.felucca.images;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageStore;
import org.felucca.api.lease.Lease;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.lease.LeasedResource;

/** Names and leases of one namespace in memory. */
final class TestingStores implements ImageStore {
  final Map<String, Image> images = new TreeMap<>();
  final Leases leases = new Leases();

  @Override
  public synchronized Image create(
      Scope scope, String name, Descriptor target, Map<String, String> labels) {
    Image image = new Image(name, target, Instant.EPOCH, Instant.EPOCH, Map.copyOf(labels));
    if (images.putIfAbsent(name, image) != null) {
      throw EngineException.alreadyExists(name + " is taken");
    }
    return image;
  }

  @Override
  public synchronized Image update(
      Scope scope, String name, Descriptor target, Map<String, String> labels, Set<String> paths) {
    Image old = get(scope, name);
    Image image = new Image(name, target, old.createdAt(), Instant.EPOCH, old.labels());
    images.put(name, image);
    return image;
  }

  @Override
  public synchronized Image get(Scope scope, String name) {
    Image image = images.get(name);
    if (image == null) {
      throw EngineException.notFound("no image " + name);
    }
    return image;
  }

  @Override
  public synchronized List<Image> list(Scope scope, List<String> filters) {
    return new ArrayList<>(images.values());
  }

  @Override
  public synchronized void delete(Scope scope, String name) {
    get(scope, name);
    images.remove(name);
  }

  @Override
  public synchronized void delete(Scope scope, String name, Digest target) {
    throw new UnsupportedOperationException();
  }

  /** Leases that remember how many there were. */
  static final class Leases implements LeaseStore {
    final Map<String, Lease> live = new TreeMap<>();
    int made;

    @Override
    public synchronized Lease create(Scope scope, String id, Map<String, String> labels) {
      Lease lease = new Lease(id, Instant.EPOCH, labels);
      live.put(id, lease);
      made++;
      return lease;
    }

    @Override
    public synchronized void delete(Scope scope, String id) {
      if (live.remove(id) == null) {
        throw EngineException.notFound("no lease " + id);
      }
    }

    @Override
    public synchronized List<Lease> list(Scope scope, List<String> filters) {
      return List.copyOf(live.values());
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
      return List.of();
    }
  }
}
