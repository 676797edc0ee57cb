package org.felucca.oci;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;

/**
 * One image in the {@code manifest.json} of an archive that {@code docker save} wrote.
 *
 * @param config the path of the config in the archive
 * @param repoTags the names of the image; unmodifiable
 * @param layers the paths of the layers, the lowest first; unmodifiable
 */
public record DockerArchiveEntry(String config, List<String> repoTags, List<String> layers) {
  /** The file that holds the entries. */
  public static final String MANIFEST = "manifest.json";

  private static final int MAX_IMAGES = 1000;
  private static final int MAX_LAYERS = 1000;

  /** Copies the collections. */
  public DockerArchiveEntry {
    repoTags = List.copyOf(repoTags);
    layers = List.copyOf(layers);
  }

  /**
   * Reads a manifest.json.
   *
   * @throws EngineException INVALID_ARGUMENT
   */
  public static List<DockerArchiveEntry> parse(byte[] bytes) {
    List<DockerArchiveEntry> entries = new ArrayList<>();
    List<JsonObject> items = Json.objects(bytes, MANIFEST);
    if (items.isEmpty() || items.size() > MAX_IMAGES) {
      throw EngineException.invalid(
          "%s has %d images; 1 to %d are read".formatted(MANIFEST, items.size(), MAX_IMAGES));
    }
    for (JsonObject json : items) {
      if (json.list("Layers").size() > MAX_LAYERS) {
        throw json.invalid("Layers has more than %d entries".formatted(MAX_LAYERS));
      }
      entries.add(
          new DockerArchiveEntry(
              json.requiredString("Config"), json.strings("RepoTags"), json.strings("Layers")));
    }
    return entries;
  }

  /** A manifest.json of these entries. */
  public static byte[] bytes(List<DockerArchiveEntry> entries) {
    return Json.bytes(
        entries.stream()
            .map(
                entry ->
                    JsonObject.create(MANIFEST)
                        .put("Config", entry.config())
                        .put("RepoTags", entry.repoTags().isEmpty() ? null : entry.repoTags())
                        .put("Layers", entry.layers()))
            .toList());
  }
}
