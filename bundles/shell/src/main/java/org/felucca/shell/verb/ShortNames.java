package org.felucca.shell.verb;

/** Long names as tables show them. */
final class ShortNames {
  private static final int LENGTH = 12;

  private ShortNames() {}

  /** The first digits of a digest or of a container's id; anything else as it is. */
  static String of(String name) {
    int colon = name.lastIndexOf(':');
    String rest = colon < 0 ? name : name.substring(colon + 1);
    return rest.matches("[0-9a-f]{64}([0-9a-f]{64})?") ? rest.substring(0, LENGTH) : name;
  }
}
