package org.felucca.shell.verb;

import java.util.List;
import java.util.Map;
import org.felucca.api.container.SecurityOptions;
import org.felucca.api.container.SecurityOptions.Seccomp;
import picocli.CommandLine.Option;

/** What a container may do. */
final class SecurityArguments {
  @Option(
      names = "--allow-new-privileges",
      description =
          "let set-user-id programs such as su and ping gain privileges (no_new_privs is on otherwise)")
  boolean allowNewPrivileges;

  SecurityOptions options() {
    return new SecurityOptions(
        false,
        !allowNewPrivileges,
        List.of(),
        List.of(),
        new Seccomp.Default(),
        null,
        false,
        Map.of());
  }
}
