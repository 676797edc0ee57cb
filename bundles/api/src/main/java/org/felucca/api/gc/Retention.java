package org.felucca.api.gc;

import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.osgi.annotation.versioning.ProviderType;

/** Answers what is kept, by what, and what is not. */
@ProviderType
public interface Retention {
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
