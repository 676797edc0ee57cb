package org.felucca.api.gc;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What keeps a thing from being collected.
 *
 * @param chains the shortest ways to it from things that are kept for their own sake, one from
 *     each, the shortest first; empty if nothing keeps it
 * @param until when the last of these lets go by itself, or null if one never does (or none is
 *     there)
 * @param collection when it is collected, if nothing keeps it and a collection is planned already;
 *     else null
 */
public record Keeping(
    Thing thing, List<List<Link>> chains, @Nullable Instant until, @Nullable Instant collection) {
  /** Copies the chains. */
  public Keeping {
    chains = chains.stream().map(List::copyOf).toList();
  }

  /**
   * A thing in a chain.
   *
   * @param by how the one before it refers to it ({@code target}, {@code parent}, a label ...); for
   *     the first, what keeps it: a label or a time, or an empty text if it is what it is
   */
  public record Link(Thing thing, String by) {}
}
