package org.felucca.api.shim;

import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.felucca.api.task.Exit;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Launches shims and finds them again. It owns the bundle folders, whose layout is containerd's.
 */
@ProviderType
public interface ShimService {
  /**
   * Makes the bundle folder and starts a shim for it. If it fails, no process and no folder stays.
   *
   * @throws EngineException ALREADY_EXISTS if the id has a bundle folder; else with what the shim
   *     said
   */
  Shim launch(ShimLaunch launch);

  /**
   * Looks at every bundle folder, reconnects to the shims that answer, and cleans up after those
   * that are gone. Asks them at once, each within a few seconds. What is connected already is
   * returned as it is. A folder that can't be understood is set aside and logged.
   */
  List<FoundShim> recover();

  /**
   * Cleans up after a shim whose connection broke and whose process is gone, by its {@code delete}
   * command, and removes the bundle folder.
   *
   * @return how the container ended, as far as anybody knows
   * @throws EngineException FAILED_PRECONDITION if its process lives; NOT_FOUND if it has no bundle
   *     folder
   */
  Exit cleanUp(Namespace namespace, ContainerId id);

  /**
   * Has events of all shims delivered, until the result is closed. While nobody listens, shims are
   * refused and try again.
   *
   * @throws EngineException FAILED_PRECONDITION if somebody listens already
   */
  Listening listen(ShimListener listener);

  /** A registration of a listener. */
  interface Listening extends AutoCloseable {
    @Override
    void close();
  }
}
