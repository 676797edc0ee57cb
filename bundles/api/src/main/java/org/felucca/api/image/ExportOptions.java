package org.felucca.api.image;

import java.util.List;

/**
 * What of images is exported, and as what.
 *
 * @param format the kind of archive
 * @param platforms which platforms; empty for every one whose blobs are here. A single one leaves
 *     as its manifest alone; several leave in their index, which may then name others as well
 * @param whole whether it is an error if a blob of any platform is not here
 */
public record ExportOptions(Format format, List<Platform> platforms, boolean whole) {
  /** Kinds of archives. */
  public enum Format {
    /**
     * An OCI layout, with a {@code manifest.json} by which {@code docker load} takes it as well.
     */
    OCI,
    /** What {@code docker save} wrote before it knew OCI layouts: one platform of each image. */
    DOCKER
  }

  /** An OCI layout with what is here. */
  public static final ExportOptions DEFAULT = new ExportOptions(Format.OCI, List.of(), false);

  /** Copies the platforms. */
  public ExportOptions {
    platforms = List.copyOf(platforms);
  }
}
