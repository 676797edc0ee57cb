package org.felucca.shell.view;

import java.util.function.Predicate;

/** Patterns in which {@code *} stands for any characters and {@code ?} for one. */
public final class Wildcards {
  private Wildcards() {}

  /** Whether a text fits the whole pattern; takes time in the product of both lengths at most. */
  public static Predicate<String> matching(String pattern) {
    return text -> {
      int at = 0;
      int next = 0;
      int star = -1;
      int mark = 0;
      while (at < text.length()) {
        if (next < pattern.length() && pattern.charAt(next) == '*') {
          star = next++;
          mark = at;
        } else if (next < pattern.length()
            && (pattern.charAt(next) == '?' || pattern.charAt(next) == text.charAt(at))) {
          next++;
          at++;
        } else if (star >= 0) {
          next = star + 1;
          at = ++mark;
        } else {
          return false;
        }
      }
      while (next < pattern.length() && pattern.charAt(next) == '*') {
        next++;
      }
      return next == pattern.length();
    };
  }
}
