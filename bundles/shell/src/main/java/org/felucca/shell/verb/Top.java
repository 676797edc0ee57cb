package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ProcessTable;
import org.felucca.shell.view.Table;
import picocli.CommandLine.Parameters;

/** Shows the processes of a container. */
final class Top extends Verb {
  @Parameters(index = "0", paramLabel = "CONTAINER", description = "its id or name")
  String container = "";

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "PS-OPTION",
      description = "options of ps for other columns, such as -o pid,args")
  List<String> options = new ArrayList<>();

  @Override
  protected boolean stopsAtArgument() {
    return true;
  }

  @Override
  protected void run() {
    Scope scope = scope();
    ContainerId id = container(container).id();
    ProcessTable processes = services().control().use(control -> control.top(scope, id, options));
    Table table = new Table(processes.titles().toArray(String[]::new));
    if (!processes.titles().isEmpty()) {
      table.shrink(processes.titles().getLast());
    }
    processes.rows().forEach(row -> table.row(row.toArray(String[]::new)));
    call().out().print(table.text(call().columns()));
  }

  @Override
  protected Names names() {
    return Names.RUNNING;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca top web", "felucca top web -eo pid,rss,args   # columns of ps");
  }
}
