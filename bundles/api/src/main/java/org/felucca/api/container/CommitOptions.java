package org.felucca.api.container;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How an image is made of a container.
 *
 * @param name what it will be called, or null for no name but its digest
 * @param author who made it; empty if not said
 * @param message what was said about it; empty if nothing
 * @param changes lines of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER,
 *     VOLUME, WORKDIR; unmodifiable
 * @param pause whether a running container is frozen meanwhile
 * @param compression {@code gzip}, {@code zstd} or {@code none}
 */
public record CommitOptions(
    @Nullable String name,
    String author,
    String message,
    List<String> changes,
    boolean pause,
    String compression) {
  /** Copies the changes. */
  public CommitOptions {
    changes = List.copyOf(changes);
  }
}
