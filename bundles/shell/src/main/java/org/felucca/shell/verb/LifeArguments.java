package org.felucca.shell.verb;

import org.felucca.api.container.LifeOptions;
import picocli.CommandLine.Option;

/** How a container ends, and what then. */
final class LifeArguments {
  @Option(names = "--rm", description = "remove it when it has ended")
  boolean autoRemove;

  LifeOptions options() {
    return new LifeOptions(autoRemove, null, null, null);
  }
}
