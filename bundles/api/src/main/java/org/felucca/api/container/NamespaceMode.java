package org.felucca.api.container;

/**
 * Whose namespace of a kind a container lives in.
 *
 * @param kind whose
 * @param container the id or name of the other container; empty for every other kind
 */
public record NamespaceMode(Kind kind, String container) {
  /** Whose namespace. */
  public enum Kind {
    /** Its own, unless the machine's set-up says otherwise. */
    DEFAULT,
    /** Its own, in any case. */
    PRIVATE,
    /** The machine's. */
    HOST,
    /** Another container's. */
    CONTAINER
  }

  /** As the engine sees fit: its own, but for cgroups on a machine with version 1. */
  public static final NamespaceMode DEFAULT = new NamespaceMode(Kind.DEFAULT, "");

  /** Its own. */
  public static final NamespaceMode PRIVATE = new NamespaceMode(Kind.PRIVATE, "");

  /** The machine's. */
  public static final NamespaceMode HOST = new NamespaceMode(Kind.HOST, "");

  /** Another container's. */
  public static NamespaceMode of(String container) {
    return new NamespaceMode(Kind.CONTAINER, container);
  }

  /** Whether it is its own. */
  public boolean isOwn() {
    return kind == Kind.DEFAULT || kind == Kind.PRIVATE;
  }
}
