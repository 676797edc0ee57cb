package org.felucca.api.container;

import java.nio.file.Path;
import org.felucca.api.image.Platform;
import org.jspecify.annotations.Nullable;

/**
 * Where the root file system of a container comes from.
 *
 * @param image the image, as people write its name; empty with a folder
 * @param folder a folder of this machine that is the root file system itself, absolute; else null
 * @param snapshotter the name of a snapshotter, or null
 * @param platform which of an image's variants, or null for this machine's
 * @param readOnly whether it may only be read
 */
public record RootOptions(
    String image,
    @Nullable Path folder,
    @Nullable String snapshotter,
    @Nullable Platform platform,
    boolean readOnly) {
  /** That of an image. */
  public static RootOptions ofImage(String image) {
    return new RootOptions(image, null, null, null, false);
  }

  /** The image or the folder, for messages. */
  public String what() {
    return folder == null ? "image " + image : "folder " + folder;
  }
}
