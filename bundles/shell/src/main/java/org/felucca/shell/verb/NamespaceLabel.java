package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.felucca.api.Namespace;
import org.felucca.shell.view.Words;
import picocli.CommandLine.Parameters;

/** Changes the labels of a namespace. */
final class NamespaceLabel extends Verb {
  @Parameters(index = "0", paramLabel = "NAME", description = "the namespace")
  String name = "";

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "LABEL=[VALUE]",
      description = "labels to set; one without a value goes")
  List<String> labels = new ArrayList<>();

  @Override
  protected void run() {
    Map<String, String> wanted = pairs("label", labels);
    Set<String> paths =
        wanted.keySet().stream().map(key -> "labels." + key).collect(Collectors.toSet());
    Map<String, String> after =
        orGuess(
            Names.NAMESPACES,
            name,
            () ->
                services()
                    .namespaces()
                    .use(store -> store.update(new Namespace(name), wanted, paths)));
    say(Words.pairs(after));
  }

  @Override
  protected Names names(int argument) {
    return argument == 0 ? Names.NAMESPACES : Names.NONE;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca namespace label team owner=ann",
        "felucca namespace label team owner=   # takes the label away");
  }
}
