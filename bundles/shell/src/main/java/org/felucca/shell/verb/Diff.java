package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import picocli.CommandLine.Parameters;

/** Shows what is not as in the image. */
final class Diff extends Verb {
  @Parameters(index = "0", paramLabel = "CONTAINER", description = "id or name")
  String container = "";

  @Override
  protected void run() {
    Scope scope = scope();
    ContainerId id = container(container).id();
    services()
        .files()
        .use(
            files -> {
              files.changes(scope, id, change -> say(change.kind().letter() + " " + change.path()));
              return true;
            });
  }

  @Override
  protected Names names() {
    return Names.CONTAINERS;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca diff web   # A added, C changed, D deleted");
  }
}
