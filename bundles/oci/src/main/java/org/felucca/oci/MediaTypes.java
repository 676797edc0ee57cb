package org.felucca.oci;

import java.util.Set;

/**
 * The media types of images: those of the OCI image specification and of Docker's image manifest
 * version 2, schema 2.
 */
public final class MediaTypes {
  /** An OCI manifest. */
  public static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";

  /** An OCI index. */
  public static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";

  /** An OCI image config. */
  public static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";

  /** An OCI layer: a tar. */
  public static final String OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";

  /** An OCI layer compressed by gzip. */
  public static final String OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";

  /** An OCI layer compressed by zstd. */
  public static final String OCI_LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd";

  /** The empty object {@code {}}, where an artifact has no config. */
  public static final String OCI_EMPTY = "application/vnd.oci.empty.v1+json";

  /** Docker's manifest. */
  public static final String DOCKER_MANIFEST =
      "application/vnd.docker.distribution.manifest.v2+json";

  /** Docker's index. */
  public static final String DOCKER_INDEX =
      "application/vnd.docker.distribution.manifest.list.v2+json";

  /** Docker's image config. */
  public static final String DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";

  /** Docker's layer: a tar. */
  public static final String DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";

  /** Docker's layer compressed by gzip. */
  public static final String DOCKER_LAYER_GZIP =
      "application/vnd.docker.image.rootfs.diff.tar.gzip";

  /** Docker's layer compressed by zstd. */
  public static final String DOCKER_LAYER_ZSTD =
      "application/vnd.docker.image.rootfs.diff.tar.zstd";

  /** Docker's layer that its registry may not hand out. */
  public static final String DOCKER_FOREIGN_LAYER_GZIP =
      "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

  private static final String OCI_NONDISTRIBUTABLE =
      "application/vnd.oci.image.layer.nondistributable.v1.tar";
  private static final String DOCKER_FOREIGN =
      "application/vnd.docker.image.rootfs.foreign.diff.tar";
  private static final String DOCKER_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1";

  private static final Set<String> PLAIN_LAYERS =
      Set.of(OCI_LAYER, DOCKER_LAYER, OCI_NONDISTRIBUTABLE, DOCKER_FOREIGN);
  private static final Set<String> GZIP_LAYERS =
      Set.of(
          OCI_LAYER_GZIP,
          DOCKER_LAYER_GZIP,
          DOCKER_FOREIGN_LAYER_GZIP,
          OCI_NONDISTRIBUTABLE + "+gzip");
  private static final Set<String> ZSTD_LAYERS =
      Set.of(OCI_LAYER_ZSTD, DOCKER_LAYER_ZSTD, OCI_NONDISTRIBUTABLE + "+zstd");

  private MediaTypes() {}

  /** Whether it is a manifest that Felucca reads. */
  public static boolean isManifest(String mediaType) {
    return mediaType.equals(OCI_MANIFEST) || mediaType.equals(DOCKER_MANIFEST);
  }

  /** Whether it is an index that Felucca reads. */
  public static boolean isIndex(String mediaType) {
    return mediaType.equals(OCI_INDEX) || mediaType.equals(DOCKER_INDEX);
  }

  /** Whether it is the config of an image (and not of some artifact). */
  public static boolean isImageConfig(String mediaType) {
    return mediaType.equals(OCI_CONFIG) || mediaType.equals(DOCKER_CONFIG);
  }

  /** Whether it is a layer of a root file system. */
  public static boolean isLayer(String mediaType) {
    return PLAIN_LAYERS.contains(mediaType) || isGzipLayer(mediaType) || isZstdLayer(mediaType);
  }

  /** Whether it is a layer compressed by gzip. */
  public static boolean isGzipLayer(String mediaType) {
    return GZIP_LAYERS.contains(mediaType);
  }

  /** Whether it is a layer compressed by zstd. */
  public static boolean isZstdLayer(String mediaType) {
    return ZSTD_LAYERS.contains(mediaType);
  }

  /**
   * Whether it is a layer that may not be handed on: its bytes are where its {@code urls} say, and
   * may lack here.
   */
  public static boolean isForeignLayer(String mediaType) {
    return mediaType.startsWith(OCI_NONDISTRIBUTABLE) || mediaType.startsWith(DOCKER_FOREIGN);
  }

  /** Whether it is Docker's old manifest, signed or not, which nobody should use any more. */
  public static boolean isDockerSchema1(String mediaType) {
    return mediaType.startsWith(DOCKER_SCHEMA_1);
  }
}
