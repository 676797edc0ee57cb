package org.felucca.shell.view;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jline.utils.WCWidth;

/**
 * A table for people: headings, columns as wide as what they hold with three spaces between them.
 * On a terminal the widest columns that may shrink do so until a line fits, and if that is not
 * enough, those that can be done without are left out. What could steer a terminal is shown as a
 * question mark.
 */
public final class Table {
  private static final String GAP = "   ";
  private static final int LEAST = 8;

  /** A text and what it stands out by. */
  public record Cell(String text, Style style) {}

  private final List<String> headings;
  private final List<List<Cell>> rows = new ArrayList<>();
  private final List<Integer> shrinkable = new ArrayList<>();
  private final List<Integer> dispensable = new ArrayList<>();

  /** A table with these headings. */
  public Table(String... headings) {
    this.headings = List.of(headings);
  }

  /** Lets a column be cut when the terminal is narrow. */
  public Table shrink(String heading) {
    shrinkable.add(headings.indexOf(heading));
    return this;
  }

  /** Lets a column be left out when the terminal is too narrow; the first that was named first. */
  public Table leaveOut(String heading) {
    dispensable.add(headings.indexOf(heading));
    return this;
  }

  /** Adds a row. */
  public Table row(String... cells) {
    return row(Arrays.stream(cells).map(cell -> new Cell(cell, Style.PLAIN)).toList());
  }

  /** Adds a row. */
  public Table row(List<Cell> cells) {
    rows.add(cells.stream().map(cell -> new Cell(printable(cell.text()), cell.style())).toList());
    return this;
  }

  /**
   * The table as text without colours, with a newline behind each line.
   *
   * @param columns the width of the terminal; 0 for as wide as need be
   */
  public String text(int columns) {
    return text(columns, false);
  }

  /**
   * The table as text, with a newline behind each line.
   *
   * @param columns the width of the terminal; 0 for as wide as need be
   * @param coloured whether the terminal shows colours
   */
  public String text(int columns, boolean coloured) {
    List<Cell> head = headings.stream().map(heading -> new Cell(heading, Style.BOLD)).toList();
    int[] widths = new int[headings.size()];
    measure(widths, head);
    rows.forEach(row -> measure(widths, row));
    if (columns > 0) {
      leaveOut(widths, columns);
      fit(widths, columns);
    }
    StringBuilder text = new StringBuilder();
    line(text, widths, head, coloured);
    rows.forEach(row -> line(text, widths, row, coloured));
    return text.toString();
  }

  private static void measure(int[] widths, List<Cell> cells) {
    for (int i = 0; i < cells.size(); i++) {
      widths[i] = Math.max(widths[i], width(cells.get(i).text()));
    }
  }

  /** A column that is left out has the width -1. */
  private void leaveOut(int[] widths, int columns) {
    int least = -GAP.length();
    for (int i = 0; i < widths.length; i++) {
      least += GAP.length() + (shrinkable.contains(i) ? Math.min(LEAST, widths[i]) : widths[i]);
    }
    for (int column : dispensable) {
      if (least <= columns) {
        return;
      }
      least -= GAP.length() + (shrinkable.contains(column) ? LEAST : widths[column]);
      widths[column] = -1;
    }
  }

  private void fit(int[] widths, int columns) {
    int total = -GAP.length();
    for (int width : widths) {
      total += width < 0 ? 0 : GAP.length() + width;
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

  private static void line(StringBuilder text, int[] widths, List<Cell> cells, boolean coloured) {
    int start = text.length();
    for (int i = 0; i < cells.size(); i++) {
      if (widths[i] < 0) {
        continue;
      }
      Cell cell = cells.get(i);
      String shown = cut(cell.text(), widths[i]);
      text.append(coloured ? cell.style().on(shown) : shown)
          .repeat(' ', widths[i] - width(shown))
          .append(GAP);
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
