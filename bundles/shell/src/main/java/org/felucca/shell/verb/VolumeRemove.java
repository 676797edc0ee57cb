package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Removes volumes. */
final class VolumeRemove extends Verb {
  @Option(
      names = {"-f", "--force"},
      description = "say nothing of a volume that is not there")
  boolean force;

  @Parameters(arity = "1..*", paramLabel = "VOLUME", description = "names")
  List<String> volumes = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    forEach(
        volumes,
        name -> {
          try {
            say(
                orGuess(
                    Names.VOLUMES,
                    name,
                    () ->
                        services()
                            .volumes()
                            .use(
                                service -> {
                                  service.remove(scope, name);
                                  return name;
                                })));
          } catch (EngineException e) {
            if (!force || e.kind() != ErrorKind.NOT_FOUND) {
              throw e;
            }
          }
        });
  }

  @Override
  protected Names names() {
    return Names.VOLUMES;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca volume rm data");
  }
}
