package org.felucca.shell.verb;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.oci.Json;
import org.felucca.shell.session.Call;
import org.felucca.shell.view.Document;
import org.felucca.shell.view.Table;
import org.felucca.shell.view.Template;
import org.jspecify.annotations.Nullable;

/**
 * What {@code --format} asks for.
 *
 * @param word the way that people are shown something ({@code table}, {@code pretty}), {@code
 *     json}, or {@code template}
 * @param template the template, or null
 * @param isTable whether the template's texts stand in columns with headings, cut by tabs
 */
record Format(String word, @Nullable Template template, boolean isTable) {
  static final String JSON = "json";
  private static final String TABLE = "table";

  /**
   * Reads it.
   *
   * @param usual the way that people are shown something
   * @param text what was typed, or null
   */
  static Format parse(String usual, @Nullable String text) {
    if (text == null || text.isEmpty() || text.equals(usual)) {
      return new Format(usual, null, false);
    }
    if (text.equals(JSON)) {
      return new Format(JSON, null, false);
    }
    if (usual.equals(TABLE) && text.matches("table\\s.*")) {
      return new Format("template", Template.parse(text.substring(TABLE.length()).strip()), true);
    }
    if (!text.contains("{{")) {
      throw EngineException.invalid(
          "--format %s is none: it must be %s, json or a template such as '{{json .}}'"
              .formatted(org.felucca.api.Identifiers.quote(text), usual));
    }
    return new Format("template", Template.parse(text), false);
  }

  /** Whether programs shall read it. */
  boolean isJson() {
    return word.equals(JSON);
  }

  /** One document in a line: as JSON, or by the template. Only if one of both was asked for. */
  String line(Document document) {
    return template == null
        ? new String(Json.bytes(document.whole(), Json.Names.SNAKE), StandardCharsets.UTF_8)
        : template.render(document);
  }

  /** The template's table. */
  <R extends Record> Table table(Columns<R> columns, List<R> rows) {
    if (template == null) {
      throw new IllegalStateException("no template");
    }
    String[] headings = cells(template.heading(columns::heading));
    Table table = new Table(headings);
    for (R row : rows) {
      String[] cells = cells(template.render(columns.document(row)));
      String[] padded = new String[Math.max(headings.length, cells.length)];
      for (int i = 0; i < padded.length; i++) {
        padded[i] = i < cells.length ? cells[i] : "";
      }
      table.row(padded);
    }
    return table;
  }

  private static String[] cells(String line) {
    return line.split("\t", -1);
  }

  /** Writes a line; on a terminal without what could steer it. */
  static void say(Call call, String line) {
    call.out()
        .println(
            call.isTerminal()
                ? line.lines()
                    .map(part -> String.join("\t", printable(part)))
                    .collect(java.util.stream.Collectors.joining("\n"))
                : line);
  }

  private static List<String> printable(String part) {
    return java.util.Arrays.stream(part.split("\t", -1)).map(Table::printable).toList();
  }
}
