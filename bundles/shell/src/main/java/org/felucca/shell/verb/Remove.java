package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Removes containers. */
final class Remove extends Verb {
  @Option(
      names = {"-f", "--force"},
      description = "kill it first if it runs")
  boolean force;

  @Parameters(arity = "1..*", paramLabel = "CONTAINER", description = "ids or names")
  List<String> containers = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    atOnce(
        containers,
        text -> {
          ContainerId id = container(text).id();
          services()
              .containers()
              .use(
                  service -> {
                    service.remove(scope, id, force);
                    return true;
                  });
        });
  }

  @Override
  protected Names names() {
    return Names.CONTAINERS;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca rm web",
        "felucca rm -f web   # kills it first",
        "felucca rm $(felucca ps -aq -f status=exited)");
  }
}
