package org.felucca.api.registry;

import java.util.List;
import org.felucca.api.image.Platform;

/**
 * How an image is pushed.
 *
 * @param platforms these variants of an index, of which a smaller index is made if they are not
 *     all; empty for all that are here whole
 * @param allPlatforms every variant, and fail if one is not here
 * @param access how the registry is reached
 */
public record PushOptions(List<Platform> platforms, boolean allPlatforms, RegistryAccess access) {
  /** What is here. */
  public static final PushOptions DEFAULT =
      new PushOptions(List.of(), false, RegistryAccess.DEFAULT);

  /** Copies the platforms. */
  public PushOptions {
    platforms = List.copyOf(platforms);
  }
}
