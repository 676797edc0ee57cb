package org.felucca.api.registry;

import java.util.List;
import org.felucca.api.EngineException;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Who the engine is at registries. What {@link #login} keeps lies in the engine's root, readable by
 * root alone, in the form of docker's {@code config.json}; credential helpers that are named there
 * keep it instead. Docker's own file is read as well, and never written.
 */
@ProviderType
public interface RegistryLogins extends Credentials {
  /**
   * Tries a credential at a registry and keeps it.
   *
   * @param registry host and perhaps port
   * @throws EngineException PERMISSION_DENIED if the registry refuses it; nothing changes then
   */
  void login(String registry, Credential credential, RegistryAccess access);

  /**
   * Forgets what {@link #login} has kept.
   *
   * @throws EngineException NOT_FOUND if there was nothing
   */
  void logout(String registry);

  /** The registries that {@link #login} keeps something of, sorted. */
  List<String> registries();
}
