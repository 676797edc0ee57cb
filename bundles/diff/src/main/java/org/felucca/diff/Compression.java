package org.felucca.diff;

import java.nio.ByteBuffer;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/** How layers are compressed. */
enum Compression {
  PLAIN,
  GZIP,
  ZSTD;

  private static final Set<String> BASES =
      Set.of(
          "application/vnd.oci.image.layer.v1.tar",
          "application/vnd.oci.image.layer.nondistributable.v1.tar",
          "application/vnd.docker.image.rootfs.diff.tar",
          "application/vnd.docker.image.rootfs.foreign.diff.tar");

  /**
   * Throws INVALID_ARGUMENT unless it is the media type of a tar layer. What it says of compression
   * is not relied upon: layers of {@code docker save} say "tar" and may be anything.
   */
  static void check(String mediaType) {
    String base = mediaType;
    for (String suffix : new String[] {"+gzip", "+zstd", ".gzip", ".zstd"}) {
      if (base.endsWith(suffix)) {
        base = base.substring(0, base.length() - suffix.length());
        break;
      }
    }
    if (!BASES.contains(base)) {
      throw EngineException.invalid(
          "media type %s is not that of a tar layer, plain or compressed by gzip or zstd"
              .formatted(Identifiers.quote(mediaType)));
    }
  }

  /** How a layer of a media type is to be written; INVALID_ARGUMENT as {@link #check}. */
  static Compression of(String mediaType) {
    check(mediaType);
    if (mediaType.endsWith("gzip")) {
      return GZIP;
    }
    return mediaType.endsWith("zstd") ? ZSTD : PLAIN;
  }

  /** What a stream is, by its first bytes; the buffer stays where it is. */
  static Compression detect(ByteBuffer start) {
    int at = start.position();
    if (start.remaining() >= 2
        && (start.get(at) & 0xFF) == 0x1F
        && (start.get(at + 1) & 0xFF) == 0x8B) {
      return GZIP;
    }
    if (start.remaining() >= 4) {
      int magic =
          (start.get(at) & 0xFF)
              | (start.get(at + 1) & 0xFF) << 8
              | (start.get(at + 2) & 0xFF) << 16
              | (start.get(at + 3) & 0xFF) << 24;
      if (magic == 0xFD2FB528 || (magic & 0xFFFFFFF0) == 0x184D2A50) {
        return ZSTD;
      }
    }
    return PLAIN;
  }

  Decoder decoder() {
    return switch (this) {
      case PLAIN -> new Decoder.Plain();
      case GZIP -> Isal.loaded() ? new IsalDecoder() : new GzipDecoder();
      case ZSTD -> new ZstdDecoder();
    };
  }
}
