package org.felucca.shell.verb;

/**
 * Something that can be typed.
 *
 * @param name the word
 * @param about what it is, in a few words; empty if that needs none
 */
record Known(String name, String about) {
  static Known of(String name) {
    return new Known(name, "");
  }
}
