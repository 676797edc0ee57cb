package org.felucca.shell.verb;

/** What the arguments of a verb name; the interactive shell completes them. */
public enum Names {
  /** Nothing that is known here. */
  NONE,
  /** Containers. */
  CONTAINERS,
  /** An image first, then words of a container's program. */
  IMAGE,
  /** Images. */
  IMAGES,
  /** Containers, then images. */
  BOTH
}
