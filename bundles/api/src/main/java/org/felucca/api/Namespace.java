package org.felucca.api;

/**
 * The name of a namespace.
 *
 * @param value the name, of the grammar of {@link Identifiers}
 */
public record Namespace(String value) implements Comparable<Namespace> {
  /** Where a client that names none works. */
  public static final Namespace DEFAULT = new Namespace("default");

  /** Checks the grammar; throws INVALID_ARGUMENT. */
  public Namespace {
    Identifiers.check("namespace", value);
  }

  @Override
  public int compareTo(Namespace other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
