package org.felucca.api.container;

import org.felucca.api.Identifiers;

/**
 * The id of a container within its namespace.
 *
 * @param value the id, of the grammar of {@link Identifiers}
 */
public record ContainerId(String value) implements Comparable<ContainerId> {
  /** Checks the grammar; throws INVALID_ARGUMENT. */
  public ContainerId {
    Identifiers.check("container id", value);
  }

  /** The first twelve characters, for tables. */
  public String shortForm() {
    return value.length() <= 12 ? value : value.substring(0, 12);
  }

  @Override
  public int compareTo(ContainerId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
