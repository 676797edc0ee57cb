package org.felucca.api.diff;

/**
 * What became of a file.
 *
 * @param kind what happened to it
 * @param path its path from the root on, with a leading slash
 */
public record Change(Kind kind, String path) {
  /** What may happen to a file. */
  public enum Kind {
    /** It was not there before. */
    ADDED("A"),
    /** It, or something in it, is not as before. */
    CHANGED("C"),
    /** It is gone, with all that was in it. */
    DELETED("D");

    private final String letter;

    Kind(String letter) {
      this.letter = letter;
    }

    /** The letter that docker prints. */
    public String letter() {
      return letter;
    }
  }
}
