package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Ends leases. */
final class LeaseRemove extends Verb {
  @Option(
      names = "--sync",
      hidden = true,
      description = "what only the lease kept is always collected before this returns")
  boolean sync;

  @Parameters(arity = "1..*", paramLabel = "ID", description = "leases")
  List<String> leases = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    try {
      forEach(
          leases,
          id -> {
            orGuess(
                Names.LEASES,
                id,
                () ->
                    services()
                        .leases()
                        .use(
                            store -> {
                              store.delete(scope, id);
                              return true;
                            }));
            say(id);
          });
    } finally {
      services().collector().use(collector -> collector.collect());
    }
  }

  @Override
  protected Names names() {
    return Names.LEASES;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca lease rm build   # and what only it kept");
  }
}
