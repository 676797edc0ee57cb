package org.felucca.shell.verb;

import java.util.List;
import java.util.Map;
import org.felucca.api.container.ProcessOptions;
import org.felucca.shell.session.Call;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a container's first process is. */
final class FirstProcessArguments extends ProcessArguments {
  @Option(
      names = "--entrypoint",
      paramLabel = "PROGRAM",
      description = "instead of the image's entry point; empty for none")
  @Nullable String entrypoint;

  ProcessOptions options(Call call, List<String> command) {
    return new ProcessOptions(
        command,
        entrypoint == null ? null : entrypoint.isEmpty() ? List.of() : List.of(entrypoint),
        environment(call),
        user,
        List.of(),
        cwd,
        tty,
        size(call),
        interactive,
        false,
        Map.of(),
        null);
  }
}
