package org.felucca.api.registry;

import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/** Where credentials come from. Asked once a registry refuses whoever has none. */
@FunctionalInterface
public interface Credentials {
  /** Nobody has any. */
  Credentials NONE = registry -> null;

  /**
   * The credential for a registry. May block, as when a client is asked; an interrupt ends it.
   *
   * @param registry host and perhaps port, as image names have it: {@code docker.io}
   * @return the credential, or null if there is none
   * @throws EngineException if it can't be told, which ends the call that asked
   */
  @Nullable Credential find(String registry);
}
