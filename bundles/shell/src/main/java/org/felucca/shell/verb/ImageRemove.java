package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Removes image names. */
final class ImageRemove extends Verb {
  @Option(
      names = {"-f", "--force"},
      description = "also if a container uses it")
  boolean force;

  @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "names, or beginnings of digests")
  List<String> images = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    forEach(
        images,
        text ->
            say(
                ContainerRow.familiar(
                    orGuess(
                            Names.IMAGES,
                            text,
                            () ->
                                services()
                                    .images()
                                    .use(service -> service.remove(scope, text, force)))
                        .name())));
  }

  @Override
  protected Names names() {
    return Names.IMAGES;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca image rm busybox",
        "felucca rmi -f example.org/tools:1   # also if a container uses it");
  }
}
