package org.felucca.shell.view;

import java.util.ArrayList;
import java.util.List;
import org.jline.utils.WCWidth;

/**
 * A table for people: headings, columns as wide as what they hold with three spaces between them.
 * On a terminal the widest columns that may shrink do so until a line fits. What could steer a
 * terminal is shown as a question mark.
 */
public final class Table {
  private static final String GAP = "   ";
  private static final int LEAST = 8;

  private final List<String> headings;
  private final List<List<String>> rows = new ArrayList<>();
  private final List<Integer> shrinkable = new ArrayList<>();

  /** A table with these headings. */
  public Table(String... headings) {
    this.headings = List.of(headings);
  }

  /** Lets a column be cut when the terminal is narrow. */
  public Table shrink(String heading) {
    shrinkable.add(headings.indexOf(heading));
    return this;
  }

  /** Adds a row. */
  public Table row(String... cells) {
    List<String> row = new ArrayList<>();
    for (String cell : cells) {
      row.add(printable(cell));
    }
    rows.add(row);
    return this;
  }

  /**
   * The table as text, with a newline behind each line.
   *
   * @param columns the width of the terminal; 0 for as wide as need be
   */
  public String text(int columns) {
    int[] widths = new int[headings.size()];
    measure(widths, headings);
    rows.forEach(row -> measure(widths, row));
    if (columns > 0) {
      fit(widths, columns);
    }
    StringBuilder text = new StringBuilder();
    line(text, widths, headings);
    rows.forEach(row -> line(text, widths, row));
    return text.toString();
  }

  private static void measure(int[] widths, List<String> cells) {
    for (int i = 0; i < cells.size(); i++) {
      widths[i] = Math.max(widths[i], width(cells.get(i)));
    }
  }

  private void fit(int[] widths, int columns) {
    int total = GAP.length() * (widths.length - 1);
    for (int width : widths) {
      total += width;
    }
    while (total > columns) {
      int widest = -1;
      for (int column : shrinkable) {
        if (widths[column] > LEAST && (widest < 0 || widths[column] > widths[widest])) {
          widest = column;
        }
      }
      if (widest < 0) {
        return;
      }
      widths[widest]--;
      total--;
    }
  }

  private static void line(StringBuilder text, int[] widths, List<String> cells) {
    int start = text.length();
    for (int i = 0; i < cells.size(); i++) {
      String cell = cut(cells.get(i), widths[i]);
      text.append(cell).repeat(' ', widths[i] - width(cell)).append(GAP);
    }
    int end = text.length();
    while (end > start && text.charAt(end - 1) == ' ') {
      end--;
    }
    text.setLength(end);
    text.append('\n');
  }

  /** At most so many columns of a text, with an ellipsis where something is left out. */
  public static String cut(String text, int columns) {
    if (width(text) <= columns) {
      return text;
    }
    StringBuilder cut = new StringBuilder();
    int used = 1;
    for (int c : text.codePoints().toArray()) {
      used += Math.max(0, WCWidth.wcwidth(c));
      if (used > columns) {
        break;
      }
      cut.appendCodePoint(c);
    }
    return cut.append('…').toString();
  }

  /** The text without anything that would steer a terminal. */
  public static String printable(String text) {
    if (text.codePoints().noneMatch(Table::steers)) {
      return text;
    }
    return text.codePoints()
        .map(c -> steers(c) ? '?' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static boolean steers(int c) {
    int type = Character.getType(c);
    return Character.isISOControl(c)
        || type == Character.FORMAT
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR
        || type == Character.SURROGATE;
  }

  private static int width(String text) {
    return text.codePoints().map(c -> Math.max(0, WCWidth.wcwidth(c))).sum();
  }
}
