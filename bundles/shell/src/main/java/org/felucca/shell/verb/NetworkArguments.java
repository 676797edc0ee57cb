package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.container.NetworkOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a container is called and how it resolves names. */
final class NetworkArguments {
  @Option(
      names = "--hostname",
      paramLabel = "NAME",
      description = "its host name (else its short id)")
  @Nullable String hostname;

  NetworkOptions options() {
    return new NetworkOptions(
        hostname, null, List.of(), List.of(), List.of(), List.of(), List.of());
  }
}
