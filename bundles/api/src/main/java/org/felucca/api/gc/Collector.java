package org.felucca.api.gc;

import org.felucca.api.EngineException;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Takes away what nothing refers to. It comes by itself soon after something was deleted or has
 * expired.
 */
@ProviderType
public interface Collector {
  /**
   * Collects in all namespaces and returns when it is done, backing files included. Runs beside
   * other calls, which wait no longer than one change takes; what they are just making is kept
   * alive by their leases.
   *
   * @throws EngineException DATA_LOSS if a record can't be read: then nothing is taken
   */
  Collected collect();

  /**
   * Deletes something and collects, with no other collection in between: so what it frees is in the
   * answer.
   *
   * @throws EngineException what the deletions throw; nothing is collected then
   */
  default Collected collectAfter(Runnable deletions) {
    deletions.run();
    return collect();
  }
}
