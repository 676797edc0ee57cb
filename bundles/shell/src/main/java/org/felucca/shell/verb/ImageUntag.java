package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import picocli.CommandLine.Parameters;

/** Takes names away from images that stay. */
final class ImageUntag extends Verb {
  @Parameters(arity = "1..*", paramLabel = "NAME", description = "names of images")
  List<String> names = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    forEach(
        names,
        text ->
            say(
                orGuess(
                        Names.IMAGES,
                        text,
                        () -> services().images().use(images -> images.untag(scope, text)))
                    .target()
                    .digest()
                    .toString()));
  }

  @Override
  protected Names names() {
    return Names.IMAGES;
  }

  @Override
  protected String[] footer() {
    return new String[] {
      "",
      "An image that loses its last name stays under its digest, until felucca image prune takes it away."
    };
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca image untag app:old   # the image stays, unlike after image rm");
  }
}
