package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.ProcessOptions;
import org.felucca.api.container.ProcessOptions.Ulimit;
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

  @Option(
      names = "--group-add",
      paramLabel = "GROUP",
      description = "a further group, by name or number")
  List<String> groups = new ArrayList<>();

  @Option(
      names = "--init",
      description = "run a small init as its first process, which passes signals on and reaps")
  boolean init;

  @Option(
      names = "--ulimit",
      paramLabel = "NAME=SOFT[:HARD]",
      description = "a limit of its processes, such as nofile=1024:4096; -1 for none")
  List<String> ulimits = new ArrayList<>();

  @Option(
      names = "--oom-score-adj",
      paramLabel = "NUMBER",
      description = "how readily it is killed when memory is short, -1000 to 1000")
  @Nullable Integer oomScoreAdj;

  ProcessOptions options(Call call, List<String> command) {
    return new ProcessOptions(
        command,
        entrypoint == null ? null : entrypoint.isEmpty() ? List.of() : List.of(entrypoint),
        environment(call),
        user,
        groups,
        // As docker has it: an empty one is none.
        cwd == null || cwd.isEmpty() ? null : cwd,
        tty,
        size(call),
        interactive,
        init,
        ulimits(ulimits),
        oomScoreAdj);
  }

  private static Map<String, Ulimit> ulimits(List<String> texts) {
    Map<String, Ulimit> limits = new LinkedHashMap<>();
    for (String text : texts) {
      if (!text.matches("[a-z]+=(-1|unlimited|[0-9]{1,18})(:(-1|unlimited|[0-9]{1,18}))?")) {
        throw EngineException.invalid(
            "--ulimit %s is not understood: write it as nofile=1024 or nofile=1024:4096"
                .formatted(Identifiers.quote(text)));
      }
      int equals = text.indexOf('=');
      int colon = text.indexOf(':');
      long soft = limit(text.substring(equals + 1, colon < 0 ? text.length() : colon));
      limits.put(
          text.substring(0, equals),
          new Ulimit(soft, colon < 0 ? soft : limit(text.substring(colon + 1))));
    }
    return limits;
  }

  private static long limit(String text) {
    return text.equals("unlimited") ? -1 : Long.parseLong(text);
  }
}
