package org.felucca.oci.filter;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.oci.filter.Filter.Condition;
import org.felucca.oci.filter.Filter.Operator;

/** Reads one filter from left to right. */
final class FilterParser {
  private static final int MAX_LENGTH = 16 << 10;
  private static final int END = -1;

  private final String text;
  private int position;

  FilterParser(String text) {
    if (text.length() > MAX_LENGTH) {
      throw EngineException.invalid(
          "the filter has %d characters; at most %d are read".formatted(text.length(), MAX_LENGTH));
    }
    this.text = text;
  }

  Filter parse() {
    List<Condition> conditions = new ArrayList<>();
    conditions.add(condition());
    while (peekToken() == ',') {
      position++;
      conditions.add(condition());
    }
    if (peekToken() != END) {
      throw bad("a comma or the end is expected");
    }
    return new Filter(conditions);
  }

  private Condition condition() {
    List<String> path = new ArrayList<>();
    path.add(field());
    while (peekToken() == '.') {
      position++;
      path.add(field());
    }
    int next = peekToken();
    if (next == ',' || next == END) {
      return new Condition(List.copyOf(path), Operator.PRESENT, "", null);
    }
    Operator operator = operator();
    peekToken();
    int start = position;
    String value = value(operator == Operator.MATCHES);
    if (operator != Operator.MATCHES) {
      return new Condition(List.copyOf(path), operator, value, null);
    }
    try {
      return new Condition(List.copyOf(path), operator, value, LinearPattern.compile(value));
    } catch (IllegalArgumentException e) {
      position = start;
      throw bad("the expression is not one: " + e.getMessage());
    }
  }

  private String field() {
    int first = peekToken();
    if (first == '"') {
      return quoted('"');
    }
    int start = position;
    while (isFieldRune(peek())) {
      position++;
    }
    if (position == start) {
      throw bad(
          "a field name is expected (quote it if it has other characters than letters, digits and _)");
    }
    return text.substring(start, position);
  }

  private Operator operator() {
    int start = position;
    while (peek() == '=' || peek() == '!' || peek() == '~') {
      position++;
    }
    String sign = text.substring(start, position);
    return switch (sign) {
      case "==" -> Operator.EQUAL;
      case "!=" -> Operator.NOT_EQUAL;
      case "~=" -> Operator.MATCHES;
      default -> {
        position = start;
        throw bad("one of ==, != and ~= is expected");
      }
    };
  }

  private String value(boolean expression) {
    int first = peek();
    if (first == '"' || (expression && (first == '/' || first == '|'))) {
      return quoted((char) first);
    }
    if (first == '/' || first == '|') {
      throw bad("a value that begins so must stand in \" quotes");
    }
    int start = position;
    while (peek() != END && peek() != ',' && !Character.isWhitespace(peek())) {
      position++;
    }
    if (position == start) {
      throw bad("a value is expected (write \"\" for an empty one)");
    }
    return text.substring(start, position);
  }

  /**
   * Go's string syntax; in a quoted expression an escape that Go does not know belongs to the
   * expression.
   */
  private String quoted(char quote) {
    int start = position++;
    StringBuilder out = new StringBuilder();
    while (true) {
      int c = peek();
      if (c == END) {
        position = start;
        throw bad("the quote that begins here does not end");
      }
      if (c == '\n') {
        throw bad("a line break within quotes must be written as \\n");
      }
      position++;
      if (c == quote) {
        return out.toString();
      }
      if (c != '\\') {
        out.append((char) c);
      } else {
        escape(out, quote);
      }
    }
  }

  private void escape(StringBuilder out, char quote) {
    int c = peek();
    position++;
    switch (c) {
      case 'a' -> out.append('\u0007');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'n' -> out.append('\n');
      case 'r' -> out.append('\r');
      case 't' -> out.append('\t');
      case 'v' -> out.append('\u000b');
      case '\\' -> out.append('\\');
      case 'x' -> out.appendCodePoint(number(2, 16));
      case 'u' -> out.appendCodePoint(number(4, 16));
      case 'U' -> out.appendCodePoint(number(8, 16));
      case '0', '1', '2', '3', '4', '5', '6', '7' -> {
        position--;
        out.appendCodePoint(number(3, 8));
      }
      default -> {
        if (c == quote) {
          out.append(quote);
        } else if (quote != '"' && c != END) {
          out.append('\\').append((char) c);
        } else {
          position--;
          throw bad("an escape such as \\n, \\\" or \\\\ is expected");
        }
      }
    }
  }

  private int number(int digits, int radix) {
    int start = position;
    int end = Math.min(text.length(), start + digits);
    long value = 0;
    for (; position < end; position++) {
      int digit = Character.digit(text.charAt(position), radix);
      if (digit < 0) {
        throw bad("a digit is expected");
      }
      value = value * radix + digit;
    }
    if (position - start < digits || value > Character.MAX_CODE_POINT) {
      position = start;
      throw bad(digits + " digits of a character are expected");
    }
    return (int) value;
  }

  private int peekToken() {
    while (position < text.length() && Character.isWhitespace(text.charAt(position))) {
      position++;
    }
    return peek();
  }

  private int peek() {
    return position < text.length() ? text.charAt(position) : END;
  }

  private static boolean isFieldRune(int c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private EngineException bad(String why) {
    return EngineException.invalid(
        "filter %s is malformed at character %d: %s"
            .formatted(Identifiers.quote(text), position + 1, why));
  }
}
