package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.shell.session.Client;
import org.felucca.shell.session.Script;
import picocli.CommandLine.Option;

/** Opens the interactive shell on a terminal; runs the lines of anything else. */
final class OpenShell extends Verb {
  @Option(names = "--again", hidden = true, description = "the connection was lost")
  boolean again;

  @Override
  protected void run() throws Exception {
    if (call().inShell()) {
      throw EngineException.precondition(
          "this is the shell already; type the verbs without more ado");
    }
    Client client = call().requireClient();
    if (client.hello().isTerminal(0) && client.hello().isTerminal(1)) {
      new InteractiveShell(call(), client, scope()).run(!again);
    } else {
      Script.run(call().session(), "standard input", client.in());
    }
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca shell   # exit leaves it", "echo ps | felucca shell");
  }
}
