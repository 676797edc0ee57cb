package org.felucca.api.gc;

import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
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
  Collected collect(Runnable deletions);

  /** What a collection would take now, of all namespaces. */
  List<Garbage> garbage();

  /**
   * What keeps things of a name.
   *
   * @param name a digest, key, id or their beginning, a name or reference
   * @return for each thing of that name, of whatever kind
   * @throws EngineException NOT_FOUND; INVALID_ARGUMENT if it is the beginning of several
   */
  List<Keeping> why(Namespace namespace, String name);
}
