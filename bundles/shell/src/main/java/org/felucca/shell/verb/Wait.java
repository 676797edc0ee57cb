package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import picocli.CommandLine.Parameters;

/** Waits until containers have ended. */
final class Wait extends Verb {
  @Parameters(arity = "1..*", paramLabel = "CONTAINER", description = "ids or names")
  List<String> containers = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    List<String> left = new ArrayList<>(containers);
    resumeWith(scope, left);
    forEach(
        containers,
        text -> {
          ContainerId id = container(text).id();
          int status =
              Exits.await(() -> services().containers().use(service -> service.exit(scope, id)))
                  .status();
          say(Integer.toString(status));
          left.removeFirst();
          if (!left.isEmpty()) {
            resumeWith(scope, left);
          }
        });
  }

  private void resumeWith(Scope scope, List<String> left) throws java.io.IOException {
    List<String> arguments = new ArrayList<>(List.of("wait", "-n", scope.namespace().value()));
    arguments.addAll(left);
    call().position(arguments);
  }

  @Override
  protected Names names() {
    return Names.CONTAINERS;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca wait job   # prints its status when it has ended");
  }
}
