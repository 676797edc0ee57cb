package org.felucca.oci;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.content.Descriptor;
import org.jspecify.annotations.Nullable;

/**
 * A manifest (OCI image specification, manifest.md).
 *
 * @param mediaType its own media type
 * @param artifactType what it is if not an image, or null
 * @param config the config
 * @param layers the layers, the lowest first; unmodifiable
 * @param subject what it is attached to, or null
 * @param annotations its annotations; unmodifiable
 */
public record ImageManifest(
    String mediaType,
    @Nullable String artifactType,
    Descriptor config,
    List<Descriptor> layers,
    @Nullable Descriptor subject,
    Map<String, String> annotations)
    implements ImageDocument {
  private static final int MAX_LAYERS = 1000;

  /** Copies the collections. */
  public ImageManifest {
    layers = List.copyOf(layers);
    annotations = Map.copyOf(annotations);
  }

  static ImageManifest read(JsonObject json, String mediaType) {
    if (!json.has("layers")) {
      throw json.invalid("layers is missing");
    }
    return new ImageManifest(
        mediaType,
        json.string("artifactType"),
        Descriptors.read(json.requiredObject("config")),
        Descriptors.readAll(json, "layers", MAX_LAYERS),
        Descriptors.subject(json),
        json.stringMap("annotations"));
  }

  /** Whether it is an image, which can be run, and not some other artifact. */
  public boolean isImage() {
    return MediaTypes.isImageConfig(config.mediaType());
  }

  @Override
  public List<Descriptor> children() {
    List<Descriptor> children = new ArrayList<>();
    children.add(config);
    children.addAll(layers);
    return children;
  }

  /** The document; equal manifests give equal bytes. */
  public byte[] bytes() {
    JsonObject json =
        JsonObject.create("manifest").put("schemaVersion", 2).put("mediaType", mediaType);
    if (artifactType != null) {
      json.put("artifactType", artifactType);
    }
    json.put("config", Descriptors.write(config));
    json.put("layers", layers.stream().map(Descriptors::write).toList());
    if (subject != null) {
      json.put("subject", Descriptors.write(subject));
    }
    if (!annotations.isEmpty()) {
      json.put("annotations", new java.util.TreeMap<>(annotations));
    }
    return json.bytes();
  }
}
