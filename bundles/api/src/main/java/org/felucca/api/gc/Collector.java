package org.felucca.api.gc;

import org.osgi.annotation.versioning.ProviderType;

/** Takes away what nothing refers to. */
@ProviderType
public interface Collector {
  /**
   * Collects in all namespaces and returns when it is done, backing files included. Runs beside
   * other calls; what they are just making is kept alive by their leases.
   */
  Collected collect();
}
