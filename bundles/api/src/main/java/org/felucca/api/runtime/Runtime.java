package org.felucca.api.runtime;

import java.nio.file.Path;
import org.felucca.api.EngineException;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * The runtime extension point: one OCI runtime, published with the service property {@value #NAME}.
 *
 * <p>The engine asks it when a container is created, and pins what it answers; it is not asked
 * again for that container. So it may go at any time.
 */
@ConsumerType
public interface Runtime {
  /** The service property with the name under which users choose it, such as {@code crun}. */
  String NAME = "felucca.runtime";

  /**
   * Finds and asks the binary; remembered by the implementation for as long as the file does not
   * change.
   *
   * @throws EngineException FAILED_PRECONDITION if the binary is missing, does not run, answers
   *     nonsense or does not answer within 10 s, and what to do
   */
  RuntimeInfo info();

  /**
   * The shim v2 binary that drives it, absolute; FAILED_PRECONDITION if it is not there, and how to
   * get it.
   */
  Path shim();

  /** The options for that shim. */
  RuntimeOptions options();
}
