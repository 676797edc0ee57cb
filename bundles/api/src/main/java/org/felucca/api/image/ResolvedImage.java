package org.felucca.api.image;

import java.util.List;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;

/**
 * One platform's image, its documents read and checked against each other.
 *
 * @param manifest the manifest
 * @param manifestJson the manifest's bytes; nobody may change them
 * @param config the config
 * @param configJson the config's bytes; nobody may change them
 * @param platform what the config says it runs on
 * @param layers the layers, the lowest first; unmodifiable
 * @param diffIds the digests of the uncompressed layers, as many as layers; unmodifiable
 */
public record ResolvedImage(
    Descriptor manifest,
    byte[] manifestJson,
    Descriptor config,
    byte[] configJson,
    Platform platform,
    List<Descriptor> layers,
    List<Digest> diffIds) {

  /** Copies the collections. */
  public ResolvedImage {
    layers = List.copyOf(layers);
    diffIds = List.copyOf(diffIds);
  }

  /**
   * The chain ids of the layers, the lowest first (OCI image specification,
   * config.md#layer-chainid).
   */
  public List<Digest> chainIds() {
    return ChainIds.of(diffIds);
  }
}
