package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.shell.view.Signals;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Sends a signal to containers. */
final class Kill extends Verb {
  @Option(
      names = {"-s", "--signal"},
      paramLabel = "SIGNAL",
      description = "a name or a number (else KILL)")
  String signal = "KILL";

  @Parameters(arity = "1..*", paramLabel = "CONTAINER", description = "ids or names")
  List<String> containers = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    int number = Signals.parse(signal);
    forEach(
        containers,
        text -> {
          ContainerId id = container(text).id();
          tell(control -> control.kill(scope, id, number));
          say(text);
        });
  }

  @Override
  protected Names names() {
    return Names.RUNNING;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca kill web", "felucca kill -s HUP web   # lets it read its configuration again");
  }
}
