package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.container.CreateOptions;

/** Creates a container. */
final class Create extends CreateArguments {
  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    CreateOptions options = options(true);
    say(create(scope, options).value());
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca create --name web -e MODE=test busybox httpd -f   # felucca start web runs it");
  }
}
