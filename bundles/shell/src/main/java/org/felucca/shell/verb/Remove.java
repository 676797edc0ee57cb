package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.volume.Volume;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Removes containers. */
final class Remove extends Verb {
  @Option(
      names = {"-f", "--force"},
      description = "kill it first if it runs")
  boolean force;

  @Option(
      names = {"-v", "--volumes"},
      description = "remove its volumes as well, but those with a name of their own")
  boolean volumes;

  @Parameters(arity = "1..*", paramLabel = "CONTAINER", description = "ids or names")
  List<String> containers = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    atOnce(
        containers,
        text -> {
          ContainerId id = container(text).id();
          List<String> its = volumes ? volumesOf(scope, id) : List.of();
          services()
              .containers()
              .use(
                  service -> {
                    service.remove(scope, id, force);
                    return true;
                  });
          if (!its.isEmpty()) {
            release(scope, its);
          }
        });
  }

  private void release(Scope scope, List<String> its) {
    List<String> gone = services().volumes().use(service -> service.release(scope, its));
    assert its.containsAll(gone);
  }

  private List<String> volumesOf(Scope scope, ContainerId id) {
    return services().volumes().use(service -> service.list(scope)).stream()
        .filter(volume -> volume.users().contains(id))
        .map(Volume::name)
        .toList();
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
        "felucca rm -v web   # its volumes without a name go as well",
        "felucca rm $(felucca ps -aq -f status=exited)");
  }
}
