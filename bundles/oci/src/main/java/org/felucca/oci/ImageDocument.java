package org.felucca.oci;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.content.Descriptor;
import org.jspecify.annotations.Nullable;

/**
 * What the target of an image name is: a manifest or an index. A document is one of them by its
 * media type, never by what it looks like, and one that could be taken for both is refused.
 */
public sealed interface ImageDocument permits ImageManifest, ImageIndex {
  /** The largest manifest or index that is read, in bytes. */
  int MAX_SIZE = 4 << 20;

  /** Its media type. */
  String mediaType();

  /** Its annotations; unmodifiable. */
  Map<String, String> annotations();

  /** What it is attached to, or null. */
  @Nullable Descriptor subject();

  /** The blobs that it names, in the order of its text. */
  List<Descriptor> children();

  /**
   * Reads a manifest or an index.
   *
   * @param bytes the document, verified against its digest already
   * @param mediaType what its descriptor (or its Content-Type) says that it is
   * @param what what it is for messages, such as {@code "manifest sha256:..."}
   * @throws EngineException INVALID_ARGUMENT if it is malformed, of another media type than that,
   *     of one that is not read, or could be taken for two things
   */
  static ImageDocument parse(byte[] bytes, String mediaType, String what) {
    if (MediaTypes.isDockerSchema1(mediaType)) {
      throw EngineException.invalid(
          what
              + " is of Docker's schema 1, which is not read; push the image again with a newer client");
    }
    boolean index = MediaTypes.isIndex(mediaType);
    if (!index && !MediaTypes.isManifest(mediaType)) {
      throw EngineException.invalid(
          "%s is of media type %s, which is neither a manifest nor an index"
              .formatted(what, Identifiers.quote(mediaType)));
    }
    if (bytes.length > MAX_SIZE) {
      throw EngineException.invalid(
          "%s has %d bytes; at most %d are read".formatted(what, bytes.length, MAX_SIZE));
    }
    JsonObject json = Json.object(bytes, what);
    json.refuseLookalikes(
        Set.of(
            "schemaVersion",
            "mediaType",
            "artifactType",
            "config",
            "layers",
            "manifests",
            "subject",
            "annotations",
            "fsLayers",
            "history",
            "signatures"));
    if (json.has("fsLayers") || json.has("signatures")) {
      throw json.invalid("it has members of Docker's schema 1, which is not read");
    }
    if (json.number("schemaVersion", 0) != 2) {
      throw json.invalid("schemaVersion must be 2");
    }
    String own = json.string("mediaType", "");
    if (!own.isEmpty() && !own.equals(mediaType)) {
      throw json.invalid(
          "it says that it is %s, but is handed out as %s"
              .formatted(Identifiers.quote(own), Identifiers.quote(mediaType)));
    }
    // Null members count too: other readers may see more in them.
    Set<String> names = json.names();
    if (index && (names.contains("layers") || names.contains("config"))) {
      throw json.invalid("it is an index, but has members of a manifest");
    }
    if (!index && names.contains("manifests")) {
      throw json.invalid("it is a manifest, but has members of an index");
    }
    return index ? ImageIndex.read(json, mediaType) : ImageManifest.read(json, mediaType);
  }
}
