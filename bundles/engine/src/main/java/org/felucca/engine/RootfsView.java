package org.felucca.engine;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.felucca.api.EngineException;
import org.felucca.api.snapshot.Mount;
import org.felucca.linux.LinuxException;
import org.felucca.linux.PrivateMount;

/** Looks into a root file system that is mounted nowhere, for the moment that it takes. */
final class RootfsView {
  private RootfsView() {}

  /**
   * Mounts where nobody else sees it, looks, and lets go; a kill in between leaves nothing behind.
   *
   * @param mounts of the snapshot
   * @param look gets a path that is good until it returns
   */
  static <T> T with(List<Mount> mounts, Function<Path, T> look) {
    List<PrivateMount.Part> parts =
        mounts.stream()
            .map(m -> new PrivateMount.Part(m.type(), m.source(), m.target(), m.options()))
            .toList();
    try (PrivateMount mount = PrivateMount.of(parts)) {
      return look.apply(Path.of(mount.root().descriptor().procPath()));
    } catch (LinuxException e) {
      throw EngineException.internal("look into a root file system: " + e.getMessage(), e);
    }
  }
}
