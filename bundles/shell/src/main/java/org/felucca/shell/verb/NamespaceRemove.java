package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Namespace;
import picocli.CommandLine.Parameters;

/** Removes empty namespaces. */
final class NamespaceRemove extends Verb {
  @Parameters(arity = "1..*", paramLabel = "NAME", description = "namespaces with nothing in them")
  List<String> names = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    // What nothing refers to any more does not keep a namespace.
    services().collector().use(collector -> collector.collect());
    forEach(
        names,
        name -> {
          orGuess(
              Names.NAMESPACES,
              name,
              () ->
                  services()
                      .namespaces()
                      .use(
                          store -> {
                            store.delete(new Namespace(name));
                            return true;
                          }));
          say(name);
        });
  }

  @Override
  protected Names names() {
    return Names.NAMESPACES;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca namespace rm team   # refused while anything is in it");
  }
}
