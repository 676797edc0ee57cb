package org.felucca.api.shim;

import java.nio.file.Path;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.felucca.api.task.Exit;

/** What {@link ShimService#recover} finds in a bundle folder. */
public sealed interface FoundShim {
  /** The namespace of its container. */
  Namespace namespace();

  /** The id of its container. */
  ContainerId id();

  /**
   * It answers.
   *
   * @param shim the new connection
   */
  record Live(Namespace namespace, ContainerId id, Shim shim) implements FoundShim {}

  /**
   * Its process is gone; what it left was cleaned up by its {@code delete} command and the bundle
   * folder removed.
   *
   * @param pid the process id of the container's first process; 0 if nobody knows
   * @param exit how the container ended, as far as anybody knows
   */
  record Dead(Namespace namespace, ContainerId id, int pid, Exit exit) implements FoundShim {}

  /**
   * Its process lives and does not answer, or nobody can tell; it was left alone.
   *
   * @param bundle its bundle folder
   * @param why what is known
   */
  record Silent(Namespace namespace, ContainerId id, Path bundle, String why)
      implements FoundShim {}
}
