package org.felucca.api.sandbox;

import java.time.Instant;
import java.util.Map;
import org.felucca.api.Identifiers;
import org.felucca.api.TypedBytes;
import org.jspecify.annotations.Nullable;

/**
 * The record of a sandbox, with the fields that containerd's API gives it.
 *
 * @param id its id within the namespace, an identifier
 * @param labels its labels; unmodifiable
 * @param runtime the name of its runtime; as the client gave it
 * @param runtimeOptions the options for it, or null
 * @param spec what it is made by, or null
 * @param sandboxer who runs it; empty if nobody is named
 * @param createdAt when it was made
 * @param updatedAt when it last changed
 * @param extensions what clients keep with it; unmodifiable
 */
public record Sandbox(
    String id,
    Map<String, String> labels,
    String runtime,
    @Nullable TypedBytes runtimeOptions,
    @Nullable TypedBytes spec,
    String sandboxer,
    Instant createdAt,
    Instant updatedAt,
    Map<String, TypedBytes> extensions) {
  /** Checks the id and copies the collections; throws INVALID_ARGUMENT. */
  public Sandbox {
    Identifiers.check("sandbox id", id);
    labels = Map.copyOf(labels);
    extensions = Map.copyOf(extensions);
  }
}
