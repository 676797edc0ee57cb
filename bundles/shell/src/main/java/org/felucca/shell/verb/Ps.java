package org.felucca.shell.verb;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.shell.view.Table;
import org.felucca.shell.view.Words;
import picocli.CommandLine.Option;

/** Lists containers. */
final class Ps extends Listing {
  private static final int ID_LENGTH = 12;
  private static final int COMMAND_WIDTH = 30;

  @Option(
      names = {"-a", "--all"},
      description = "also those that do not run")
  boolean all;

  @Option(
      names = {"-f", "--filter"},
      paramLabel = "FILTER",
      description =
          "only those that match one: status=running, name=TEXT, label=NAME[=VALUE], or containerd's grammar such as "
              + "'image~=busybox,labels.tier==web'")
  List<String> filters = new ArrayList<>();

  @Option(names = "--no-trunc", description = "do not shorten anything")
  boolean whole;

  @Override
  protected void run() {
    Scope scope = scope();
    ContainerFilters parsed = ContainerFilters.parse(filters);
    List<ContainerRow> rows =
        services().containers().use(containers -> containers.list(scope, parsed.engine())).stream()
            .map(ContainerRow::of)
            .filter(row -> all || parsed.hasStatus() || row.isActive())
            .filter(parsed::accepts)
            .toList()
            .reversed();
    if (quiet) {
      rows.forEach(row -> say(id(row)));
    } else if (isJson()) {
      rows.forEach(this::json);
    } else {
      call().out().print(table(rows, Instant.now()).text(whole ? 0 : call().columns()));
    }
  }

  Table table(List<ContainerRow> rows, Instant now) {
    Table table =
        new Table("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "RUNTIME", "NAMES")
            .shrink("COMMAND")
            .shrink("IMAGE")
            .shrink("NAMES");
    for (ContainerRow row : rows) {
      String command = "\"" + String.join(" ", row.command()) + "\"";
      table.row(
          id(row),
          row.imageText(),
          whole ? command : Table.cut(command, COMMAND_WIDTH),
          Words.ago(row.createdAt(), now),
          row.statusText(now),
          row.runtime(),
          row.name());
    }
    return table;
  }

  private String id(ContainerRow row) {
    return whole || row.id().length() <= ID_LENGTH ? row.id() : row.id().substring(0, ID_LENGTH);
  }
}
