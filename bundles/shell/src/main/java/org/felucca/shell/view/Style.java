package org.felucca.shell.view;

/** What a piece of text stands out by on a terminal with colours. */
public enum Style {
  /** Nothing. */
  PLAIN(""),
  /** The head of a table, the name of an option. */
  BOLD("\u001b[1m"),
  /** Works. */
  GOOD("\u001b[32m"),
  /** Wants attention. */
  WARNING("\u001b[33m"),
  /** Has failed. */
  BAD("\u001b[31m"),
  /** Of less interest. */
  DIM("\u001b[2m");

  private static final String END = "\u001b[0m";

  private final String begin;

  Style(String begin) {
    this.begin = begin;
  }

  /** The text with what a terminal shows it by. */
  public String on(String text) {
    return begin.isEmpty() || text.isEmpty() ? text : begin + text + END;
  }
}
