package org.felucca.oci;

import java.nio.charset.StandardCharsets;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.content.Digest;

/** The names in an OCI layout (OCI image specification, image-layout.md). */
public final class OciLayout {
  /** The file that says that a folder is a layout. */
  public static final String MARKER = "oci-layout";

  /** The file that names its images. */
  public static final String INDEX = "index.json";

  /** The folder of its blobs. */
  public static final String BLOBS = "blobs";

  /** The annotation that names an image in the index; often only a tag. */
  public static final String REF_NAME = "org.opencontainers.image.ref.name";

  /** The annotation by which containerd names an image in full. */
  public static final String CONTAINERD_NAME = "io.containerd.image.name";

  private OciLayout() {}

  /** The text of the marker. */
  public static byte[] marker() {
    return "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Checks the text of a marker.
   *
   * @throws EngineException INVALID_ARGUMENT if the layout is of another version than 1
   */
  public static void checkMarker(byte[] bytes) {
    String version = Json.object(bytes, MARKER).requiredString("imageLayoutVersion");
    if (!version.matches("1\\.[0-9]{1,4}\\.[0-9]{1,4}")) {
      throw EngineException.invalid(
          "the OCI layout is of version %s; version 1 is read"
              .formatted(Identifiers.quote(version)));
    }
  }

  /** Where a blob stands. */
  public static String blobPath(Digest digest) {
    return BLOBS + "/" + digest.algorithm().id() + "/" + digest.hex();
  }
}
