package org.felucca.shell.view;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Names that may have been meant by a word that is none. */
public final class Similar {
  private Similar() {}

  /** {@code ", did you mean web or wed?"}, or nothing if no name is close. */
  public static String question(String word, Collection<String> known) {
    List<String> close = close(word, known);
    return close.isEmpty() ? "" : ", did you mean " + String.join(" or ", close) + "?";
  }

  /** At most three names that are a typing error away, capitals aside, the closest first. */
  public static List<String> close(String word, Collection<String> known) {
    String typed = word.toLowerCase(Locale.ROOT);
    int limit = Math.max(1, word.length() / 3);
    return known.stream()
        .filter(
            name ->
                distance(typed, name.toLowerCase(Locale.ROOT)) <= limit
                    || (word.length() > 2 && name.startsWith(word)))
        .sorted(
            Comparator.comparingInt((String name) -> distance(typed, name.toLowerCase(Locale.ROOT)))
                .thenComparing(name -> name))
        .limit(3)
        .toList();
  }

  /**
   * Insertions, deletions, changes and swaps of neighbours that lead from one word to the other.
   */
  static int distance(String from, String to) {
    int[][] costs = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        if (i == 0 || j == 0) {
          costs[i][j] = i + j;
          continue;
        }
        boolean same = from.charAt(i - 1) == to.charAt(j - 1);
        int cost = costs[i - 1][j - 1] + (same ? 0 : 1);
        cost = Math.min(cost, Math.min(costs[i - 1][j], costs[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1)) {
          cost = Math.min(cost, costs[i - 2][j - 2] + 1);
        }
        costs[i][j] = cost;
      }
    }
    return costs[from.length()][to.length()];
  }
}
