package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.content.Descriptor;
import org.felucca.api.image.Platform;
import org.felucca.api.registry.PushOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Pushes an image. */
final class Push extends Verb {
  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "only this variant; several may be named (else every one that is here)")
  List<String> platforms = new ArrayList<>();

  @Option(names = "--all-platforms", description = "every variant, and fail if one is not here")
  boolean all;

  @Option(
      names = {"-q", "--quiet"},
      description = "the digest only, and no progress")
  boolean quiet;

  @Mixin RegistryOptions registry = new RegistryOptions();

  @Mixin ProgressOptions progress = new ProgressOptions();

  @Parameters(index = "0", paramLabel = "IMAGE", description = "the image")
  String image = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "TARGET",
      description = "what it is called in the registry, if not as here")
  @Nullable String target;

  @Override
  protected Names names(int argument) {
    return Names.IMAGES;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca push registry.local:5000/team/app:2",
        "felucca push busybox localhost:5000/tools/busybox:1.37   # under another name");
  }

  @Override
  protected void run() {
    Scope scope = scope();
    PushOptions options =
        new PushOptions(
            platforms.stream().map(Platform::parse).toList(), all, registry.access(call()));
    String name = target == null ? image(image).name() : target;
    Descriptor pushed;
    try (TransferReport report = progress.transfer(call(), quiet)) {
      pushed =
          orGuess(
              Names.IMAGES,
              image,
              () ->
                  services()
                      .transfers()
                      .use(transfers -> transfers.push(scope, image, name, options, report)));
    }
    say(quiet ? pushed.digest().toString() : ContainerRow.familiar(name) + "@" + pushed.digest());
  }
}
