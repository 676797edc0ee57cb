package org.felucca.api;

import java.util.regex.Pattern;

/**
 * The grammar of names that end up in paths and in other people's protocols, as containerd has it.
 */
public final class Identifiers {
  /** The longest identifier. */
  public static final int MAX_LENGTH = 76;

  private static final Pattern GRAMMAR = Pattern.compile("[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*");

  private Identifiers() {}

  /**
   * Checks an identifier.
   *
   * @param what what it names, for the message, such as {@code "container id"}
   * @param value the text to check
   * @return the same text
   * @throws EngineException INVALID_ARGUMENT if it is empty, too long or not of the grammar
   */
  public static String check(String what, String value) {
    if (value.isEmpty()) {
      throw EngineException.invalid("the " + what + " is empty; give one");
    }
    if (value.length() > MAX_LENGTH) {
      throw EngineException.invalid(
          "%s %s... has %d characters; at most %d are allowed"
              .formatted(what, value.substring(0, 20), value.length(), MAX_LENGTH));
    }
    if (!GRAMMAR.matcher(value).matches()) {
      throw EngineException.invalid(
          "%s %s is not allowed: use letters and digits, with single '.', '_' or '-' between them"
              .formatted(what, quote(value)));
    }
    return value;
  }

  /** The text in quotes, with control characters made visible, for messages. */
  public static String quote(String text) {
    StringBuilder out = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              if (c == '"' || c == '\\') {
                out.append('\\').appendCodePoint(c);
              } else if (Character.isISOControl(c)) {
                out.append("\\u%04x".formatted(c));
              } else {
                out.appendCodePoint(c);
              }
            });
    return out.append('"').toString();
  }
}
