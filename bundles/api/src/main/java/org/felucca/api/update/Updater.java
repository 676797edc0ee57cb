package org.felucca.api.update;

import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The way in for bundles. One change at a time; what is installed survives a restart of the engine.
 */
@ProviderType
public interface Updater {
  /**
   * Installs jars, or replaces the bundles of the same symbolic names by them, as one change:
   * verified and resolved beside the old ones first, then swapped, started and probed. If anything
   * fails the old ones are put back and serve.
   *
   * @throws EngineException INVALID_ARGUMENT for what is no bundle; FAILED_PRECONDITION if it does
   *     not resolve or start, with the missing requirement
   */
  UpdateReport install(List<Path> jars);

  /**
   * Removes a bundle that is not part of the distribution, or goes back to the distribution's
   * version of it.
   *
   * @throws EngineException NOT_FOUND; FAILED_PRECONDITION if the distribution's own version is
   *     what runs
   */
  UpdateReport remove(String symbolicName);
}
