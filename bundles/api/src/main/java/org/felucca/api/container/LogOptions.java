package org.felucca.api.container;

/**
 * What becomes of a container's output.
 *
 * @param keep whether it is kept in a log
 */
public record LogOptions(boolean keep) {
  /** Kept. */
  public static final LogOptions KEPT = new LogOptions(true);

  /** Seen by those who are joined to it, and by nobody else. */
  public static final LogOptions DROPPED = new LogOptions(false);
}
