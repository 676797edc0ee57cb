package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import picocli.CommandLine.Parameters;

/** Lets paused containers go on. */
final class Unpause extends Verb {
  @Parameters(arity = "1..*", paramLabel = "CONTAINER", description = "ids or names")
  List<String> containers = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    forEach(
        containers,
        text -> {
          ContainerId id = container(text).id();
          tell(control -> control.unpause(scope, id));
          say(text);
        });
  }

  @Override
  protected Names names() {
    return Names.PAUSED;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca unpause web");
  }
}
