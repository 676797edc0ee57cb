package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.volume.Volume;
import picocli.CommandLine.Parameters;

/** Shows all that is known of volumes. */
final class VolumeInspect extends Inspection {
  @Parameters(arity = "1..*", paramLabel = "VOLUME", description = "names")
  List<String> volumes = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    format();
    forEach(
        volumes,
        name -> {
          Volume volume =
              orGuess(
                  Names.VOLUMES,
                  name,
                  () -> services().volumes().use(service -> service.get(scope, name)));
          show(VolumeRow.of(volume));
        });
  }

  @Override
  protected Names names() {
    return Names.VOLUMES;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca volume inspect data", "felucca volume inspect -f json data");
  }
}
