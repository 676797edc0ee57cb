package org.felucca.api.registry;

import java.util.List;
import java.util.Map;
import org.felucca.api.image.Platform;
import org.jspecify.annotations.Nullable;

/**
 * How an image is pulled.
 *
 * @param platforms its variants; empty for this machine's
 * @param allPlatforms every variant, and all else that an index names
 * @param unpack whether the variant of this machine is laid out; else the first container does that
 * @param snapshotter where, or null for the default
 * @param storedName what it is called here, or null for the name that it is pulled by
 * @param labels labels of the image's name; unmodifiable
 * @param access how the registry is reached
 */
public record PullOptions(
    List<Platform> platforms,
    boolean allPlatforms,
    boolean unpack,
    @Nullable String snapshotter,
    @Nullable String storedName,
    Map<String, String> labels,
    RegistryAccess access) {
  /** This machine's variant, laid out by the default snapshotter. */
  public static final PullOptions DEFAULT =
      new PullOptions(List.of(), false, true, null, null, Map.of(), RegistryAccess.DEFAULT);

  /** Copies the collections. */
  public PullOptions {
    platforms = List.copyOf(platforms);
    labels = Map.copyOf(labels);
  }

  /** The same with another way to the registry. */
  public PullOptions withAccess(RegistryAccess other) {
    return new PullOptions(platforms, allPlatforms, unpack, snapshotter, storedName, labels, other);
  }
}
