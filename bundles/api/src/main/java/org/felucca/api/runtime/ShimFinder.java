package org.felucca.api.runtime;

import java.nio.file.Path;
import java.util.Optional;
import org.felucca.api.EngineException;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Finds shims that no runtime here drives and that clients of containerd's API name all the same:
 * by their absolute path, or as containerd does, {@code io.containerd.runsc.v1} for {@code
 * containerd-shim-runsc-v1} on the PATH.
 */
@ProviderType
public interface ShimFinder {
  /**
   * Finds one.
   *
   * @param runtime what a client calls its runtime
   * @return its path, links followed; empty if the name has neither form or there is no such shim
   * @throws EngineException FAILED_PRECONDITION if others than root could exchange it
   */
  Optional<Path> find(String runtime);
}
