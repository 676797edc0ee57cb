package org.felucca.api.content;

import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.image.Platform;
import org.jspecify.annotations.Nullable;

/**
 * A typed pointer to a blob (OCI image specification, descriptor.md).
 *
 * @param mediaType what the blob is
 * @param digest its name
 * @param size its length in bytes
 * @param annotations arbitrary facts; unmodifiable
 * @param platform what a manifest in an index runs on, or null if not said
 * @param artifactType the type of the artifact that it points at, or null
 * @param urls where else it can be had; never followed unless a policy allows it
 */
public record Descriptor(
    String mediaType,
    Digest digest,
    long size,
    Map<String, String> annotations,
    @Nullable Platform platform,
    @Nullable String artifactType,
    List<String> urls) {

  /** Copies the collections; throws INVALID_ARGUMENT if the size is negative. */
  public Descriptor {
    if (size < 0) {
      throw EngineException.invalid("the size of " + digest + " is negative: " + size);
    }
    annotations = Map.copyOf(annotations);
    urls = List.copyOf(urls);
  }

  /** A descriptor of type, name and length alone. */
  public Descriptor(String mediaType, Digest digest, long size) {
    this(mediaType, digest, size, Map.of(), null, null, List.of());
  }

  /** The same with other annotations. */
  public Descriptor withAnnotations(Map<String, String> other) {
    return new Descriptor(mediaType, digest, size, other, platform, artifactType, urls);
  }
}
