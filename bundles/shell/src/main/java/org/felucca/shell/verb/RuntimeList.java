package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.runtime.RuntimeInfo;
import org.felucca.api.runtime.RuntimeView;
import org.felucca.shell.view.Table;
import org.jspecify.annotations.Nullable;

/** Lists the runtimes. */
final class RuntimeList extends Listing {
  /** A runtime in the JSON document. */
  record Row(
      String name,
      boolean isDefault,
      List<String> aliases,
      int containers,
      @Nullable String binary,
      @Nullable String version,
      @Nullable String ociVersion,
      @Nullable String problem) {
    static Row of(RuntimeView view) {
      RuntimeInfo info = view.info();
      return new Row(
          view.name(),
          view.isDefault(),
          view.aliases(),
          view.containers(),
          info == null ? null : info.binary().toString(),
          info == null ? null : info.version(),
          info == null ? null : info.ociVersion(),
          view.problem());
    }
  }

  @Override
  protected void run() {
    List<Row> rows =
        services().runtimes().use(runtimes -> runtimes.list()).stream().map(Row::of).toList();
    if (quiet) {
      rows.forEach(row -> say(row.name()));
    } else if (isJson()) {
      rows.forEach(this::json);
    } else {
      call().out().print(table(rows).text(call().columns()));
    }
  }

  private static Table table(List<Row> rows) {
    Table table =
        new Table("NAME", "VERSION", "OCI", "BINARY", "CONTAINERS", "ALIASES")
            .shrink("VERSION")
            .shrink("ALIASES");
    for (Row row : rows) {
      table.row(
          row.isDefault() ? row.name() + " (default)" : row.name(),
          row.version() == null ? "can't be used: " + row.problem() : row.version(),
          row.ociVersion() == null ? "" : row.ociVersion(),
          row.binary() == null ? "" : row.binary(),
          Integer.toString(row.containers()),
          String.join(", ", row.aliases()));
    }
    return table;
  }
}
