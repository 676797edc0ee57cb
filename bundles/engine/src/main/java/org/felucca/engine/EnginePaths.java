package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;

/**
 * Where the engine keeps its own files.
 *
 * @param root what survives a reboot
 * @param state what does not
 * @param home the distribution
 */
record EnginePaths(Path root, Path state, Path home) {
  static EnginePaths of(BundleContext context) {
    return new EnginePaths(
        property(context, "felucca.root"),
        property(context, "felucca.state"),
        property(context, "felucca.home"));
  }

  private static Path property(BundleContext context, String name) {
    @Nullable String value = context.getProperty(name);
    if (value == null) {
      throw new IllegalStateException("the framework property " + name + " is not set");
    }
    return Path.of(value);
  }

  /** What belongs to a task: its fifos, and those of further processes below {@code exec}. */
  Path task(Namespace namespace, ContainerId id) {
    return state.resolve("tasks").resolve(namespace.value()).resolve(id.value());
  }

  Path exec(Namespace namespace, ContainerId id, String execId) {
    return task(namespace, id).resolve("exec").resolve(execId);
  }

  /** Where the results of checks are, a file a container. */
  Path health(Namespace namespace) {
    return state.resolve("health").resolve(namespace.value());
  }

  /** What belongs to a container and survives a reboot: its log. */
  Path container(Namespace namespace, ContainerId id) {
    return root.resolve("containers").resolve(namespace.value()).resolve(id.value());
  }

  /** Is there if a container had too little memory since its last start. */
  Path outOfMemory(Namespace namespace, ContainerId id) {
    return container(namespace, id).resolve("out-of-memory");
  }

  /** How containers ended that are gone already. */
  Path exits() {
    return state.resolve("exits");
  }

  Path logger() {
    return home.resolve("bin").resolve("felucca-logger");
  }

  /**
   * Refuses a path of a user's that lies in the engine's own folders.
   *
   * @param attempted what was to be done there
   * @throws EngineException FAILED_PRECONDITION
   */
  void refuseOwn(Path path, String attempted) {
    Path real = real(path);
    for (Path own : List.of(root, state)) {
      Path folder = real(own);
      if (real.startsWith(folder) || folder.startsWith(real)) {
        throw EngineException.precondition(
            "%s: %s is, holds or lies in the engine's own folder %s; choose another place"
                .formatted(attempted, path, own));
      }
    }
  }

  /** As it is when every link is followed, as far as it exists. */
  private static Path real(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    Path there = absolute;
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    try {
      return there.toRealPath().resolve(there.relativize(absolute)).normalize();
    } catch (IOException e) {
      return absolute;
    }
  }

  /** The init of containers that want one. */
  Path init() {
    return home.resolve("bin").resolve("felucca-init");
  }

  /** What containers keep in volumes; survives a reboot. */
  Path volumes(Namespace namespace) {
    return root.resolve("volumes").resolve(namespace.value());
  }
}
