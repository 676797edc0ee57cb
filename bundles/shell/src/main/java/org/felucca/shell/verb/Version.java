package org.felucca.shell.verb;

import java.util.LinkedHashMap;
import java.util.Map;
import org.felucca.api.Scope;
import org.felucca.api.info.EngineInfo;

/** Shows the versions. */
final class Version extends Listing {
  @Override
  protected void run() {
    Scope scope = scope();
    EngineInfo info = services().info().use(service -> service.info(scope));
    if (isJson()) {
      Map<String, String> versions = new LinkedHashMap<>();
      versions.put("felucca", info.version());
      versions.put("java", Runtime.version().toString());
      versions.put("kernel", info.kernel());
      versions.put("architecture", info.architecture());
      json(versions);
    } else if (quiet) {
      say(info.version());
    } else {
      say("Felucca %s".formatted(info.version()));
      say(
          "Java %s, Linux %s on %s"
              .formatted(Runtime.version(), info.kernel(), info.architecture()));
    }
  }
}
