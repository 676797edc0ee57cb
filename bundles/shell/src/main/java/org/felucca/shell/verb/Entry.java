package org.felucca.shell.verb;

import java.util.Map;
import java.util.function.Supplier;

/** A word that can be typed: a verb, or a group of verbs. */
public sealed interface Entry {
  /** What it does, in a line. */
  String description();

  /**
   * A verb.
   *
   * @param description what it does, in a line
   * @param maker makes the object for a call
   * @param hidden whether lists leave it out: an alias, or something that no person types
   */
  record Leaf(String description, Supplier<? extends Verb> maker, boolean hidden)
      implements Entry {}

  /**
   * A group.
   *
   * @param description what its verbs have in common
   * @param children its verbs, in the order of their list
   */
  record Group(String description, Map<String, Entry> children) implements Entry {}
}
