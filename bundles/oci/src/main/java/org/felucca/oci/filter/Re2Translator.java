package org.felucca.oci.filter;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Rewrites an expression of RE2's grammar (as Go has it) in the JDK's. */
final class Re2Translator {
  private static final Map<String, String> POSIX =
      Map.ofEntries(
          Map.entry("alnum", "\\p{Alnum}"),
          Map.entry("alpha", "\\p{Alpha}"),
          Map.entry("ascii", "\\p{ASCII}"),
          Map.entry("blank", "\\p{Blank}"),
          Map.entry("cntrl", "\\p{Cntrl}"),
          Map.entry("digit", "\\p{Digit}"),
          Map.entry("graph", "\\p{Graph}"),
          Map.entry("lower", "\\p{Lower}"),
          Map.entry("print", "\\p{Print}"),
          Map.entry("punct", "\\p{Punct}"),
          Map.entry("space", "\\p{Space}"),
          Map.entry("upper", "\\p{Upper}"),
          Map.entry("word", "\\w"),
          Map.entry("xdigit", "\\p{XDigit}"));
  private static final Set<Character> SAME_ESCAPES =
      Set.of('d', 'D', 'w', 'W', 'b', 'B', 'A', 'z', 'a', 'f', 't', 'n', 'r');

  private final String source;
  private final StringBuilder out = new StringBuilder();
  private final boolean multiLine;
  private int at;

  Re2Translator(String source) {
    this.source = source;
    this.multiLine = source.matches("(?s).*\\(\\?[a-zA-Z]*m.*");
  }

  String translate() {
    boolean repeated = false;
    while (at < source.length()) {
      char c = source.charAt(at);
      boolean repetition = false;
      switch (c) {
        case '\\' -> escape(false);
        case '[' -> characterClass();
        case '(' -> group();
        case '$' -> {
          out.append(multiLine ? "$" : "\\z");
          at++;
        }
        case '*', '+', '?' -> {
          // a?? and a*? are lazy in both; what follows a whole repetition is not RE2's.
          if (repeated && !(c == '?' && !lazy())) {
            throw wrong("a repetition of a repetition");
          }
          out.append(c);
          at++;
          repetition = true;
        }
        case '{' -> repetition = bounds();
        default -> {
          out.append(c);
          at++;
        }
      }
      repeated = repetition;
    }
    return out.toString();
  }

  /** Whether the repetition just written is lazy already. */
  private boolean lazy() {
    int length = out.length();
    return length >= 2
        && out.charAt(length - 1) == '?'
        && "*+?}".indexOf(out.charAt(length - 2)) >= 0
        && (length < 3 || out.charAt(length - 3) != '\\');
  }

  private boolean bounds() {
    int end = source.indexOf('}', at);
    if (end > 0 && source.substring(at, end + 1).matches("\\{[0-9]{1,4}(,[0-9]{0,4})?\\}")) {
      for (String bound : source.substring(at + 1, end).split(",", -1)) {
        if (!bound.isEmpty() && Integer.parseInt(bound) > 1000) {
          throw wrong("a repetition of more than 1000");
        }
      }
      out.append(source, at, end + 1);
      at = end + 1;
      return true;
    }
    out.append("\\{");
    at++;
    return false;
  }

  private void group() {
    if (!source.startsWith("(?", at)) {
      out.append('(');
      at++;
      return;
    }
    for (String named : new String[] {"(?P<", "(?<"}) {
      int end = source.indexOf('>', at);
      if (source.startsWith(named, at)
          && end > 0
          && source.substring(at + named.length(), end).matches("[A-Za-z0-9_]+")) {
        // Nobody asks for a group by its name, and the JDK is stricter about names.
        out.append('(');
        at = end + 1;
        return;
      }
    }
    int end = at + 2;
    while (end < source.length() && "imsU-".indexOf(source.charAt(end)) >= 0) {
      end++;
    }
    String flags = source.substring(at + 2, end);
    if (end >= source.length() || ":)".indexOf(source.charAt(end)) < 0 || flags.contains("U")) {
      throw wrong("a group of a kind that RE2 does not know");
    }
    out.append("(?").append(flags).append(source.charAt(end));
    at = end + 1;
  }

  private void escape(boolean inClass) {
    if (at + 1 >= source.length()) {
      throw wrong("a backslash at the end");
    }
    char c = source.charAt(at + 1);
    at += 2;
    if (c == 'Q' && !inClass) {
      int end = source.indexOf("\\E", at);
      String literal = source.substring(at, end < 0 ? source.length() : end);
      literal.chars().forEach(x -> literal((char) x));
      at = end < 0 ? source.length() : end + 2;
    } else if (c == 's' || c == 'S') {
      // RE2's space has no vertical tab.
      out.append(c == 's' ? "[\\t\\n\\f\\r ]" : "[^\\t\\n\\f\\r ]");
    } else if (c == 'v') {
      out.append("\\x0B");
    } else if (c == 'p' || c == 'P') {
      property(c);
    } else if (c == 'x') {
      hexadecimal();
    } else if (c >= '0' && c <= '7') {
      octal(c);
    } else if (SAME_ESCAPES.contains(c) && !(inClass && "bBAz".indexOf(c) >= 0)) {
      out.append('\\').append(c);
    } else if (c < 128 && !Character.isLetterOrDigit(c)) {
      literal(c);
    } else {
      throw wrong("the escape \\" + c + ", which RE2 does not know");
    }
  }

  private void property(char kind) {
    if (at < source.length() && source.charAt(at) == '{') {
      int end = source.indexOf('}', at);
      String name = end < 0 ? "" : source.substring(at + 1, end);
      boolean negated = name.startsWith("^");
      name = negated ? name.substring(1) : name;
      if (!name.matches("[A-Za-z_]+")) {
        throw wrong("a character class without a name");
      }
      out.append('\\').append(negated == (kind == 'p') ? 'P' : 'p').append('{');
      out.append(name.length() <= 2 ? name : "Is" + name.toLowerCase(Locale.ROOT)).append('}');
      at = end + 1;
    } else if (at < source.length() && "LMNPSZC".indexOf(source.charAt(at)) >= 0) {
      out.append('\\').append(kind).append(source.charAt(at++));
    } else {
      throw wrong("a character class without a name");
    }
  }

  private void hexadecimal() {
    String digits;
    int end;
    if (at < source.length() && source.charAt(at) == '{') {
      end = source.indexOf('}', at) + 1;
      digits = end <= 0 ? "" : source.substring(at + 1, end - 1);
    } else {
      end = Math.min(at + 2, source.length());
      digits = source.substring(at, end);
    }
    if (!digits.matches("[0-9A-Fa-f]{1,6}")
        || Integer.parseInt(digits, 16) > Character.MAX_CODE_POINT) {
      throw wrong("a character without its hexadecimal digits");
    }
    out.append("\\x{").append(digits).append('}');
    at = end;
  }

  private void octal(char first) {
    int value = first - '0';
    int digits = 1;
    while (digits < 3 && at < source.length() && "01234567".indexOf(source.charAt(at)) >= 0) {
      value = value * 8 + source.charAt(at++) - '0';
      digits++;
    }
    if (digits == 1 && first != '0') {
      throw wrong("a reference to a group, which RE2 does not know");
    }
    out.append("\\x{").append(Integer.toHexString(value)).append('}');
  }

  private void characterClass() {
    out.append('[');
    at++;
    if (at < source.length() && source.charAt(at) == '^') {
      out.append('^');
      at++;
    }
    boolean first = true;
    while (true) {
      if (at >= source.length()) {
        throw wrong("a [ without its ]");
      }
      char c = source.charAt(at);
      if (c == ']' && !first) {
        out.append(']');
        at++;
        return;
      }
      first = false;
      if (c == '[' && source.startsWith("[:", at)) {
        posix();
      } else if (c == '\\') {
        escape(true);
      } else if (c == '-') {
        out.append('-');
        at++;
      } else {
        literal(c);
        at++;
      }
    }
  }

  private void posix() {
    int end = source.indexOf(":]", at);
    String name = end < 0 ? "" : source.substring(at + 2, end);
    boolean negated = name.startsWith("^");
    String known = POSIX.get(negated ? name.substring(1) : name);
    if (known == null) {
      throw wrong("a character class that RE2 does not know");
    }
    out.append(negated ? "[^" + known + "]" : known);
    at = end + 2;
  }

  private void literal(char c) {
    if (c < 128 && !Character.isLetterOrDigit(c)) {
      out.append('\\');
    }
    out.append(c);
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException(
        what + " near its character " + Math.min(at + 1, source.length()));
  }
}
