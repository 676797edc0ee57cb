package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Namespace;
import picocli.CommandLine.Parameters;

/** Makes a namespace. */
final class NamespaceCreate extends Verb {
  @Parameters(
      index = "0",
      paramLabel = "NAME",
      description = "letters and digits, with . _ or - between")
  String name = "";

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "LABEL=VALUE",
      description = "labels, containerd.io/defaults/snapshotter for one")
  List<String> labels = new ArrayList<>();

  @Override
  protected void run() {
    Namespace made = new Namespace(name);
    services()
        .namespaces()
        .use(
            store -> {
              store.create(made, pairs("label", labels));
              return true;
            });
    say(made.value());
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca namespace create team",
        "felucca namespace create team containerd.io/defaults/runtime=crun");
  }
}
