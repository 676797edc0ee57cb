package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.felucca.oci.filter.Fields;
import org.felucca.shell.view.Table;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * A verb that lists something: it says what there is ({@link #rows}), and what of it is shown
 * ({@link #columns}, {@link #brief}). Formats, filters, widths and colours are found here.
 *
 * @param <R> a row; its components are the members of the JSON document
 */
abstract class Listing<R extends Record> extends Verb {
  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "table, json (one document a line), or a template: '{{.Name}}', '{{json .}}', 'table {{.ID}}\\t{{.Name}}'")
  @Nullable String format;

  @Option(
      names = {"-q", "--quiet"},
      description = "ids or names only, one a line")
  boolean quiet;

  @Option(names = "--no-trunc", description = "do not shorten or leave out anything")
  boolean whole;

  @Option(
      names = {"-f", "--filter"},
      paramLabel = "FILTER",
      description =
          "only those that match: NAME=VALUE as docker has it, or containerd's grammar such as 'name~=web,labels.tier==1'")
  List<String> filters = new ArrayList<>();

  /** What there is, in the order of the list; with what {@code filters} leave out. */
  protected abstract List<R> rows() throws Exception;

  /** What is shown of it. */
  protected abstract Columns<R> columns();

  /** What {@code --quiet} shows of a row. */
  protected abstract String brief(R row);

  /** What remains of the rows that match; all of them, if not told otherwise. */
  protected List<R> select(List<R> matching, RowFilters<R> parsed) {
    return matching;
  }

  /**
   * What {@code --filter KEY=VALUE} means, where it is not that the member of this name has the
   * value; null if there is no such key.
   */
  protected @Nullable Predicate<R> habit(String key, String value) {
    return null;
  }

  /** The keys that {@link #habit} knows. */
  protected List<String> habits() {
    return List.of();
  }

  /** The values that a key of {@code --filter} may have, where they are few. */
  protected List<String> values(String key) {
    return List.of();
  }

  /** Fields that containerd's grammar has beside the members of a row: their first names. */
  protected List<String> otherFields() {
    return List.of();
  }

  /** The values of {@link #otherFields}. */
  protected Fields moreFields(R row) {
    return path -> Optional.empty();
  }

  @Override
  protected void run() throws Exception {
    Format asked = Format.parse("table", format);
    Columns<R> columns = columns();
    if (asked.template() != null) {
      columns.check(asked.template());
    }
    RowFilters<R> parsed = RowFilters.parse(this, columns.members(), filters);
    show(asked, columns, select(rows().stream().filter(parsed).toList(), parsed));
  }

  private void show(Format asked, Columns<R> columns, List<R> rows) {
    if (asked.isTable()) {
      print(asked.table(columns, rows));
    } else if (asked.template() != null) {
      rows.forEach(row -> Format.say(call(), asked.line(columns.document(row))));
    } else if (quiet) {
      rows.forEach(row -> say(brief(row)));
    } else if (asked.isJson()) {
      rows.forEach(this::json);
    } else {
      print(columns.table(rows));
    }
  }

  private void print(Table table) {
    call().out().print(table.text(whole ? 0 : call().columns(), call().isColoured()));
  }
}
