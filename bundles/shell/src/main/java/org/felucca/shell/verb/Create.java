package org.felucca.shell.verb;

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
}
