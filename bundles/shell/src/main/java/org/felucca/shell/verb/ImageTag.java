package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.image.Image;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Gives an image another name. */
final class ImageTag extends Verb {
  @Option(
      names = {"-f", "--force"},
      description = "take the name over if another image has it")
  boolean force;

  @Parameters(index = "0", paramLabel = "IMAGE", description = "the image")
  String image = "";

  @Parameters(index = "1", paramLabel = "NAME", description = "the further name")
  String name = "";

  @Override
  protected void run() {
    Scope scope = scope();
    Image tagged =
        orGuess(
            Names.IMAGES,
            image,
            () -> services().images().use(images -> images.tag(scope, image, name, force)));
    say(ContainerRow.familiar(tagged.name()));
  }

  @Override
  protected Names names(int argument) {
    return argument == 0 ? Names.IMAGES : Names.NONE;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca image tag busybox example.org/tools:1");
  }
}
