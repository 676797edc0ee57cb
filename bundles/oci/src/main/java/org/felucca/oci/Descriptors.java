package org.felucca.oci;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Platform;
import org.jspecify.annotations.Nullable;

/**
 * Descriptors and platforms in JSON (OCI image specification, descriptor.md and image-index.md).
 */
public final class Descriptors {
  private static final Set<String> KNOWN =
      Set.of("mediaType", "digest", "size", "annotations", "platform", "artifactType", "urls");

  private Descriptors() {}

  /**
   * Reads a descriptor.
   *
   * @throws EngineException INVALID_ARGUMENT with the place in the document
   */
  public static Descriptor read(JsonObject json) {
    json.refuseLookalikes(KNOWN);
    String mediaType = json.requiredString("mediaType");
    if (mediaType.isEmpty() || mediaType.length() > 255) {
      throw json.invalid("mediaType must have 1 to 255 characters");
    }
    long size = json.requiredNumber("size");
    if (size < 0) {
      throw json.invalid("size is negative: " + size);
    }
    JsonObject platform = json.object("platform");
    return new Descriptor(
        mediaType,
        digest(json, "digest"),
        size,
        json.stringMap("annotations"),
        platform == null ? null : platform(platform),
        json.string("artifactType"),
        json.strings("urls"));
  }

  /** The JSON of a descriptor, empty parts left out. */
  public static JsonObject write(Descriptor descriptor) {
    JsonObject json =
        JsonObject.create("descriptor")
            .put("mediaType", descriptor.mediaType())
            .put("digest", descriptor.digest().toString())
            .put("size", descriptor.size());
    if (!descriptor.urls().isEmpty()) {
      json.put("urls", descriptor.urls());
    }
    if (!descriptor.annotations().isEmpty()) {
      json.put("annotations", new java.util.TreeMap<>(descriptor.annotations()));
    }
    Platform platform = descriptor.platform();
    if (platform != null) {
      json.put("platform", write(platform));
    }
    if (descriptor.artifactType() != null) {
      json.put("artifactType", descriptor.artifactType());
    }
    return json;
  }

  /** Reads a list of descriptors of at most so many. */
  static List<Descriptor> readAll(JsonObject document, String name, int most) {
    List<JsonObject> items = document.objects(name);
    if (items.size() > most) {
      throw document.invalid(
          "%s has %d entries; at most %d are read".formatted(name, items.size(), most));
    }
    List<Descriptor> descriptors = new ArrayList<>(items.size());
    for (JsonObject item : items) {
      descriptors.add(read(item));
    }
    return List.copyOf(descriptors);
  }

  /** The subject of a manifest or index, or null. */
  static @Nullable Descriptor subject(JsonObject document) {
    JsonObject subject = document.object("subject");
    return subject == null ? null : read(subject);
  }

  /** A digest that must be there. */
  static Digest digest(JsonObject json, String name) {
    try {
      return Digest.parse(json.requiredString(name));
    } catch (EngineException e) {
      throw e.getMessage() != null && e.getMessage().startsWith(json.where())
          ? e
          : e.during(json.where());
    }
  }

  /** Reads os, architecture, variant, os.version and os.features. */
  static Platform platform(JsonObject json) {
    return new Platform(
        json.string("os", ""),
        json.string("architecture", ""),
        json.string("variant"),
        json.string("os.version"),
        json.strings("os.features"));
  }

  private static JsonObject write(Platform platform) {
    JsonObject json =
        JsonObject.create("platform")
            .put("architecture", platform.architecture())
            .put("os", platform.os());
    if (platform.osVersion() != null) {
      json.put("os.version", platform.osVersion());
    }
    if (!platform.osFeatures().isEmpty()) {
      json.put("os.features", platform.osFeatures());
    }
    if (platform.variant() != null) {
      json.put("variant", platform.variant());
    }
    return json;
  }
}
