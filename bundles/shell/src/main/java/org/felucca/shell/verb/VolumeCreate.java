package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.Scope;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a volume. */
final class VolumeCreate extends Verb {
  @Option(
      names = {"-l", "--label"},
      paramLabel = "NAME[=VALUE]",
      description = "a label for it")
  List<String> labels = new ArrayList<>();

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "its name (else one is made up)")
  @Nullable String name;

  @Override
  protected void run() {
    Scope scope = scope();
    Map<String, String> pairs = pairs("--label", labels);
    say(services().volumes().use(volumes -> volumes.create(scope, name, pairs)).name());
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca volume create data", "felucca volume create -l tier=db pgdata");
  }
}
