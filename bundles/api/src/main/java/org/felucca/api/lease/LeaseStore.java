package org.felucca.api.lease;

import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.osgi.annotation.versioning.ProviderType;

/** The leases of each namespace. */
@ProviderType
public interface LeaseStore {
  /**
   * Makes a lease.
   *
   * @throws EngineException ALREADY_EXISTS
   */
  Lease create(Scope scope, String id, Map<String, String> labels);

  /** Ends a lease, and with it the life of what only it kept; NOT_FOUND. */
  void delete(Scope scope, String id);

  /** The leases that match one of the filters, or all. */
  List<Lease> list(Scope scope, List<String> filters);

  /** Adds a resource; NOT_FOUND for the lease. */
  void addResource(Scope scope, String id, LeasedResource resource);

  /** Takes a resource out; NOT_FOUND for the lease. */
  void deleteResource(Scope scope, String id, LeasedResource resource);

  /** What the lease keeps; NOT_FOUND. */
  List<LeasedResource> resources(Scope scope, String id);
}
