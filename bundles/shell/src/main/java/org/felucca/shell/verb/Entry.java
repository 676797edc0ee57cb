package org.felucca.shell.verb;

import java.util.Map;
import java.util.function.Supplier;

/** A word that can be typed: a verb, or a group of verbs. */
public sealed interface Entry {
  /** Under which heading the overview lists it. */
  String section();

  /** What it does, in a line. */
  String description();

  /**
   * A verb.
   *
   * @param description what it does, in a line
   * @param maker makes the object for a call
   * @param hidden whether lists leave it out: an alias, or something that no person types
   * @param aliasOf the words that mean the same, seen from its own table; empty if it is no alias
   */
  record Leaf(
      String section,
      String description,
      Supplier<? extends Verb> maker,
      boolean hidden,
      String aliasOf)
      implements Entry {}

  /**
   * A group.
   *
   * @param description what its verbs have in common
   * @param children its verbs, in the order of their list
   */
  record Group(String section, String description, Map<String, Entry> children) implements Entry {}
}
