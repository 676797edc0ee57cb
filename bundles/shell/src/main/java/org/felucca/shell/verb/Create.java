package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.container.CreateOptions;

/** Creates a container. */
final class Create extends CreateArguments {
  @Override
  protected void run() {
    Scope scope = scope();
    CreateOptions options = options(true);
    say(services().containers().use(containers -> containers.create(scope, options)).id().value());
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca create --name web -e MODE=test busybox httpd -f   # felucca start web runs it");
  }
}
