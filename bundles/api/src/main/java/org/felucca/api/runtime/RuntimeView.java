package org.felucca.api.runtime;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A runtime as users see it.
 *
 * @param name its name
 * @param info what its binary says, or null if it can't be used now
 * @param problem why it can't be used, or null
 * @param isDefault whether containers that name none get it
 * @param aliases the other names under which it is known; unmodifiable
 * @param containers how many containers, of all namespaces, run with it
 */
public record RuntimeView(
    String name,
    @Nullable RuntimeInfo info,
    @Nullable String problem,
    boolean isDefault,
    List<String> aliases,
    int containers) {
  /** Copies the collections. */
  public RuntimeView {
    aliases = List.copyOf(aliases);
  }
}
