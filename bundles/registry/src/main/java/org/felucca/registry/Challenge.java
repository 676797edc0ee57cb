package org.felucca.registry;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A way in which a registry lets itself be convinced (RFC 9110, 11.6.1).
 *
 * @param scheme the way in lower case, such as {@code bearer}
 * @param parameters its parameters, the names in lower case
 */
record Challenge(String scheme, Map<String, String> parameters) {
  private static final int MAX_LENGTH = 8192;

  /** The challenges of WWW-Authenticate headers; what makes no sense is left out. */
  static List<Challenge> parse(List<String> headers) {
    List<Challenge> challenges = new ArrayList<>();
    for (String header : headers) {
      if (header.length() <= MAX_LENGTH) {
        new Reader(header).readInto(challenges);
      }
    }
    return challenges;
  }

  String parameter(String name) {
    return parameters.getOrDefault(name, "");
  }

  private static final class Reader {
    private final String text;
    private int at;

    Reader(String text) {
      this.text = text;
    }

    void readInto(List<Challenge> challenges) {
      while (true) {
        skip(" \t,");
        String word = token();
        if (word.isEmpty()) {
          return;
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        challenges.add(new Challenge(word.toLowerCase(Locale.ROOT), parameters));
        while (parameter(parameters)) {
          skip(" \t,");
        }
      }
    }

    /** Reads {@code name=value}; stays where it is if what comes is the next scheme. */
    private boolean parameter(Map<String, String> into) {
      int start = at;
      skip(" \t,");
      String name = token();
      skip(" \t");
      if (name.isEmpty() || at >= text.length() || text.charAt(at) != '=') {
        at = start;
        return false;
      }
      at++;
      skip(" \t");
      String value = at < text.length() && text.charAt(at) == '"' ? quoted() : until(" \t,");
      into.putIfAbsent(name.toLowerCase(Locale.ROOT), value);
      return true;
    }

    private String quoted() {
      StringBuilder value = new StringBuilder();
      for (at++; at < text.length() && text.charAt(at) != '"'; at++) {
        if (text.charAt(at) == '\\' && at + 1 < text.length()) {
          at++;
        }
        value.append(text.charAt(at));
      }
      at = Math.min(text.length(), at + 1);
      return value.toString();
    }

    private String token() {
      int start = at;
      while (at < text.length()
          && (Character.isLetterOrDigit(text.charAt(at))
              || "!#$%&'*+-.^_`|~".indexOf(text.charAt(at)) >= 0)) {
        at++;
      }
      return text.substring(start, at);
    }

    private String until(String ends) {
      int start = at;
      while (at < text.length() && ends.indexOf(text.charAt(at)) < 0) {
        at++;
      }
      return text.substring(start, at);
    }

    private void skip(String what) {
      while (at < text.length() && what.indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }
  }
}
