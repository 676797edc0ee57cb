package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import picocli.CommandLine.Parameters;

/** Gives a container another name. */
final class Rename extends Verb {
  @Parameters(index = "0", paramLabel = "CONTAINER", description = "its id or name")
  String container = "";

  @Parameters(index = "1", paramLabel = "NAME", description = "the new name")
  String name = "";

  @Override
  protected void run() {
    Scope scope = scope();
    ContainerId id = container(container).id();
    tell(control -> control.rename(scope, id, name));
  }

  @Override
  protected Names names() {
    return Names.CONTAINERS;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca rename brave_sloop web");
  }
}
