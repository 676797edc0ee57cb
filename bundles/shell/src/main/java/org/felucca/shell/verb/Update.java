package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.Resources;
import org.felucca.api.container.RestartPolicy;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Changes the limits and the restart policy of containers. */
final class Update extends Verb {
  @ArgGroup(validate = false, order = 10, heading = "%nLimits%n")
  ResourceArguments resources = new ResourceArguments();

  @Option(
      names = "--restart",
      paramLabel = "POLICY",
      description = "no, on-failure[:NUMBER], always, unless-stopped")
  @Nullable String restart;

  @Parameters(arity = "1..*", paramLabel = "CONTAINER", description = "ids or names")
  List<String> containers = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    Resources limits = resources.options();
    RestartPolicy policy = restart == null ? null : RestartPolicy.parse(restart);
    if (policy == null && limits.equals(Resources.UNLIMITED)) {
      throw EngineException.invalid(
          "nothing to change: give a limit such as --memory 512m, or --restart");
    }
    forEach(
        containers,
        text -> {
          ContainerId id = container(text).id();
          tell(control -> control.update(scope, id, limits, policy));
          say(text);
        });
  }

  @Override
  protected Names names() {
    return Names.CONTAINERS;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca update --memory 512m --cpus 1.5 web",
        "felucca update --restart unless-stopped web");
  }
}
