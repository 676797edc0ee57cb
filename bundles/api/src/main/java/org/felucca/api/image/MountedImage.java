package org.felucca.api.image;

import java.nio.file.Path;
import java.time.Instant;

/**
 * An image whose files are shown in a folder.
 *
 * @param folder where
 * @param image its name when it was mounted
 * @param snapshotter what keeps the files
 * @param key the view that is shown
 * @param mountedAt since when
 * @param present whether the mount is there; somebody else may have taken it away
 */
public record MountedImage(
    Path folder,
    String image,
    String snapshotter,
    String key,
    Instant mountedAt,
    boolean present) {}
