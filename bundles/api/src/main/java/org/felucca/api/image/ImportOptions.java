package org.felucca.api.image;

import org.jspecify.annotations.Nullable;

/**
 * How images are imported.
 *
 * @param fallbackName the name of an image that the archive does not name, or null to name it by
 *     its digest
 * @param snapshotter where what fits this machine is unpacked, or null for the default
 * @param unpack whether it is unpacked at all; else the first container does that
 */
public record ImportOptions(
    @Nullable String fallbackName, @Nullable String snapshotter, boolean unpack) {
  /** Unpacked by the default snapshotter. */
  public static final ImportOptions DEFAULT = new ImportOptions(null, null, true);
}
