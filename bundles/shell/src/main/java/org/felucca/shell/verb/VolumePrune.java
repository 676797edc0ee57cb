package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.Scope;
import picocli.CommandLine.Option;

/** Removes the volumes that no container mounts. */
final class VolumePrune extends Verb {
  @Option(
      names = {"-a", "--all"},
      description = "also those with a name of their own")
  boolean all;

  @Option(
      names = {"-f", "--force"},
      description = "do not ask")
  boolean force;

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    String what = all ? "every volume" : "every volume without a name of its own";
    if (!force && !confirmed("removes " + what + " that no container mounts")) {
      return;
    }
    services()
        .volumes()
        .use(volumes -> volumes.prune(scope, all))
        .forEach(volume -> say(volume.name()));
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca volume prune      # those that were made for containers without a name",
        "felucca volume prune -a   # also those with a name");
  }
}
