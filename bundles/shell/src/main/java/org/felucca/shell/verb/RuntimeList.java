package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.runtime.RuntimeInfo;
import org.felucca.api.runtime.RuntimeView;
import org.felucca.shell.view.Style;
import org.jspecify.annotations.Nullable;

/** Lists the runtimes. */
final class RuntimeList extends Listing<RuntimeList.Row> {
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
  protected List<Row> rows() {
    return services().runtimes().use(runtimes -> runtimes.list()).stream().map(Row::of).toList();
  }

  @Override
  protected Columns<Row> columns() {
    return new Columns<>(Row.class)
        .column("NAME", "Name", row -> row.isDefault() ? row.name() + " (default)" : row.name())
        .column(
            "VERSION",
            "Version",
            row -> row.version() == null ? "can't be used: " + row.problem() : row.version())
        .shrinks()
        .style(row -> row.version() == null ? Style.BAD : Style.PLAIN)
        .column("OCI", "OCI", row -> row.ociVersion() == null ? "" : row.ociVersion())
        .dispensable()
        .column("BINARY", "Binary", row -> row.binary() == null ? "" : row.binary())
        .shrinks()
        .column("CONTAINERS", "Containers", row -> Integer.toString(row.containers()))
        .dispensable()
        .column("ALIASES", "Aliases", row -> String.join(", ", row.aliases()))
        .shrinks()
        .dispensable();
  }

  @Override
  protected String brief(Row row) {
    return row.name();
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca runtime ls", "felucca runtime ls --format '{{.Name}} {{.Version}}'");
  }
}
