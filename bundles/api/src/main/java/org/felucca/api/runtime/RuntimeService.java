package org.felucca.api.runtime;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** The runtimes that there are, with what the configuration makes of them. */
@ProviderType
public interface RuntimeService {
  /** All of them, by name. Asks binaries that were not asked yet, each for at most 10 s. */
  List<RuntimeView> list();
}
