package org.felucca.oci;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.felucca.api.EngineException;
import org.felucca.api.content.Descriptor;
import org.jspecify.annotations.Nullable;

/**
 * An index (OCI image specification, image-index.md).
 *
 * @param mediaType its own media type
 * @param artifactType what it is if not an image, or null
 * @param manifests manifests and further indexes; unmodifiable
 * @param subject what it is attached to, or null
 * @param annotations its annotations; unmodifiable
 */
public record ImageIndex(
    String mediaType,
    @Nullable String artifactType,
    List<Descriptor> manifests,
    @Nullable Descriptor subject,
    Map<String, String> annotations)
    implements ImageDocument {
  private static final int MAX_MANIFESTS = 10_000;

  /** Copies the collections. */
  public ImageIndex {
    manifests = List.copyOf(manifests);
    annotations = Map.copyOf(annotations);
  }

  /** An OCI index of these manifests. */
  public static ImageIndex of(List<Descriptor> manifests) {
    return new ImageIndex(MediaTypes.OCI_INDEX, null, manifests, null, Map.of());
  }

  /**
   * Reads the {@code index.json} of an OCI layout, which may leave its media type out.
   *
   * @throws EngineException INVALID_ARGUMENT
   */
  public static ImageIndex parseLayoutIndex(byte[] bytes) {
    return (ImageIndex) ImageDocument.parse(bytes, MediaTypes.OCI_INDEX, "index.json");
  }

  static ImageIndex read(JsonObject json, String mediaType) {
    if (!json.has("manifests")) {
      throw json.invalid("manifests is missing");
    }
    return new ImageIndex(
        mediaType,
        json.string("artifactType"),
        Descriptors.readAll(json, "manifests", MAX_MANIFESTS),
        Descriptors.subject(json),
        json.stringMap("annotations"));
  }

  @Override
  public List<Descriptor> children() {
    return manifests;
  }

  /** The document; equal indexes give equal bytes. */
  public byte[] bytes() {
    JsonObject json =
        JsonObject.create("index").put("schemaVersion", 2).put("mediaType", mediaType);
    if (artifactType != null) {
      json.put("artifactType", artifactType);
    }
    json.put("manifests", manifests.stream().map(Descriptors::write).toList());
    if (subject != null) {
      json.put("subject", Descriptors.write(subject));
    }
    if (!annotations.isEmpty()) {
      json.put("annotations", new TreeMap<>(annotations));
    }
    return json.bytes();
  }
}
