package org.felucca.shell.verb;

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
    Image tagged = services().images().use(images -> images.tag(scope, image, name, force));
    say(ContainerRow.familiar(tagged.name()));
  }

  @Override
  protected Names names() {
    return Names.IMAGES;
  }
}
