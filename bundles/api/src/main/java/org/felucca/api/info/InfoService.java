package org.felucca.api.info;

import org.felucca.api.Scope;
import org.osgi.annotation.versioning.ProviderType;

/** Answers what the engine is and how it is. */
@ProviderType
public interface InfoService {
  /** The engine at a glance, with the figures of one namespace. */
  EngineInfo info(Scope scope);
}
