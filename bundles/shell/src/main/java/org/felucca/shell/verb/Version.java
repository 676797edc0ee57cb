package org.felucca.shell.verb;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.Scope;
import org.felucca.api.info.EngineInfo;
import org.felucca.shell.view.Document;
import picocli.CommandLine.Option;

/** Shows the versions. */
final class Version extends Inspection {
  @Option(
      names = {"-q", "--quiet"},
      description = "only the number")
  boolean quiet;

  @Override
  protected void run() {
    Scope scope = scope();
    format();
    EngineInfo info = services().info().use(service -> service.info(scope));
    if (quiet) {
      say(info.version());
      return;
    }
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("felucca", info.version());
    versions.put("java", Runtime.version().toString());
    versions.put("kernel", info.kernel());
    versions.put("architecture", info.architecture());
    show(
        new Document(versions).word("Server", () -> Map.of("Version", info.version())),
        () ->
            "Felucca %s\nJava %s, Linux %s on %s\n"
                .formatted(info.version(), Runtime.version(), info.kernel(), info.architecture()));
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca version", "felucca version -q");
  }
}
