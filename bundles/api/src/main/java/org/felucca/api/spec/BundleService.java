package org.felucca.api.spec;

import java.nio.file.Path;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.container.CreateOptions;
import org.osgi.annotation.versioning.ProviderType;

/**
 * OCI bundles for people who run an OCI runtime themselves; the engine then knows nothing of it.
 */
@ProviderType
public interface BundleService {
  /**
   * Lays an image out as a bundle: {@code config.json} and {@code rootfs/}.
   *
   * @param options what would be asked of a container; what only an engine can do is refused
   * @param folder made unless it is there and empty
   * @throws EngineException NOT_FOUND for the image; FAILED_PRECONDITION if the folder holds
   *     anything; nothing is left of a bundle that failed
   */
  void make(Scope scope, CreateOptions options, Path folder, Progress progress);

  /**
   * Writes a default {@code config.json} for a root file system in {@code rootfs/} beside it.
   *
   * @param folder where it goes
   * @param rootless whether it is for the owner of the folder, who is not root
   * @throws EngineException ALREADY_EXISTS if there is one; NOT_FOUND for the folder
   */
  void writeSpec(Path folder, boolean rootless);
}
