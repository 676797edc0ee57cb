package org.felucca.shell.verb;

import java.util.List;
import picocli.CommandLine.Parameters;

/** Forgets a login. */
final class Logout extends Verb {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "REGISTRY",
      description = "host and perhaps port; docker.io if nothing is said")
  String name = "docker.io";

  @Override
  protected List<String> examples() {
    return List.of("felucca logout registry.local:5000");
  }

  @Override
  protected void run() {
    boolean done =
        services()
            .logins()
            .use(
                logins -> {
                  logins.logout(name);
                  return true;
                });
    assert done;
    say("logged out at " + name);
  }
}
