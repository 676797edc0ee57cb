package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.felucca.api.EngineException;
import org.felucca.oci.Json;
import org.felucca.shell.view.Document;
import org.felucca.shell.view.Style;
import org.felucca.shell.view.Table;
import org.felucca.shell.view.Template;
import org.jspecify.annotations.Nullable;

/**
 * The columns of a list: what a table shows, and by which words templates ask for it.
 *
 * <pre>{@code
 * new Columns<>(Row.class)
 *     .column("NAME", "Name", Row::name).shrinks()
 *     .column("SIZE", "Size", row -> Words.bytes(row.size())).dispensable()
 *     .word("Labels", Row::labels);
 * }</pre>
 *
 * @param <R> a row; its components are the members of the JSON document
 */
final class Columns<R extends Record> {
  private static final class Column<R> {
    final String heading;
    final String word;
    final Function<R, String> cell;
    Function<R, Style> style = row -> Style.PLAIN;
    boolean shrinks;
    boolean dispensable;

    Column(String heading, String word, Function<R, String> cell) {
      this.heading = heading;
      this.word = word;
      this.cell = cell;
    }
  }

  private final Set<String> members;
  private final List<Column<R>> columns = new ArrayList<>();
  private final Map<String, Function<R, ? extends @Nullable Object>> words = new LinkedHashMap<>();

  /** No column yet. */
  Columns(Class<R> row) {
    members = new LinkedHashSet<>(Json.names(row, Json.Names.SNAKE));
  }

  /**
   * Adds a column.
   *
   * @param heading what stands above it
   * @param word what templates call it, as docker does: {@code ID}, {@code CreatedAt}
   */
  Columns<R> column(String heading, String word, Function<R, String> cell) {
    columns.add(new Column<>(heading, word, cell));
    return this;
  }

  /** Lets the last column be cut on a narrow terminal. */
  Columns<R> shrinks() {
    columns.getLast().shrinks = true;
    return this;
  }

  /** Lets the last column be left out on a narrow terminal; the rightmost goes first. */
  Columns<R> dispensable() {
    columns.getLast().dispensable = true;
    return this;
  }

  /** Lets the last column stand out. */
  Columns<R> style(Function<R, Style> style) {
    columns.getLast().style = style;
    return this;
  }

  /** Adds what only templates ask for. */
  Columns<R> word(String word, Function<R, ? extends @Nullable Object> value) {
    words.put(word, value);
    return this;
  }

  /** The members of a row. */
  Set<String> members() {
    return members;
  }

  /** The words for templates, then the members. */
  List<String> fields() {
    List<String> fields = new ArrayList<>();
    columns.forEach(column -> fields.add(column.word));
    fields.addAll(words.keySet());
    fields.addAll(members);
    return fields;
  }

  /**
   * Refuses a template that asks for what is not there.
   *
   * @throws EngineException INVALID_ARGUMENT with the fields that there are
   */
  void check(Template template) {
    template.requireFields(fields());
  }

  /** The heading over a field of a template: {@code CreatedAt} gives {@code CREATED AT}. */
  String heading(String field) {
    for (Column<R> column : columns) {
      if (column.word.equals(field)) {
        return column.heading;
      }
    }
    return field
        .replaceAll("(?<=\\p{Ll})(?=\\p{Lu})", " ")
        .replace('_', ' ')
        .toUpperCase(Locale.ROOT);
  }

  /** A row as templates see it. */
  Document document(R row) {
    Document document = new Document(row);
    columns.forEach(column -> document.word(column.word, () -> column.cell.apply(row)));
    words.forEach((word, value) -> document.word(word, () -> value.apply(row)));
    return document;
  }

  /** The rows as a table. */
  Table table(List<R> rows) {
    Table table = new Table(columns.stream().map(column -> column.heading).toArray(String[]::new));
    for (Column<R> column : columns) {
      if (column.shrinks) {
        table.shrink(column.heading);
      }
    }
    for (Column<R> column : columns.reversed()) {
      if (column.dispensable) {
        table.leaveOut(column.heading);
      }
    }
    for (R row : rows) {
      table.row(
          columns.stream()
              .map(column -> new Table.Cell(column.cell.apply(row), column.style.apply(row)))
              .toList());
    }
    return table;
  }
}
