package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.container.CommitOptions;
import org.felucca.api.container.ContainerId;
import org.felucca.api.image.Image;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes an image of a container. */
final class Commit extends Verb {
  @Option(
      names = {"-a", "--author"},
      paramLabel = "NAME",
      description = "who made it")
  String author = "";

  @Option(
      names = {"-m", "--message"},
      paramLabel = "TEXT",
      description = "what is to be said about it")
  String message = "";

  @Option(
      names = {"-c", "--change"},
      paramLabel = "INSTRUCTION",
      description =
          "a line of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR")
  List<String> changes = new ArrayList<>();

  @Option(
      names = {"-p", "--pause"},
      arity = "0..1",
      fallbackValue = "true",
      defaultValue = "true",
      paramLabel = "true|false",
      description = "freeze the container meanwhile (true if not said)")
  boolean pause = true;

  @Option(
      names = "--compression",
      paramLabel = "gzip|zstd|none",
      description = "how the new layer is stored (gzip if not said)")
  String compression = "gzip";

  @Mixin ProgressOptions progress = new ProgressOptions();

  @Parameters(index = "0", paramLabel = "CONTAINER", description = "id or name")
  String container = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "IMAGE",
      description = "what the image will be called (else only by its digest)")
  @Nullable String image;

  @Override
  protected void run() {
    Scope scope = scope();
    ContainerId id = container(container).id();
    CommitOptions options = new CommitOptions(image, author, message, changes, pause, compression);
    Image made;
    try (ProgressReport report = progress.begin(call(), false)) {
      made = services().files().use(files -> files.commit(scope, id, options, report));
    }
    say(made.target().digest().toString());
  }

  @Override
  protected Names names() {
    return Names.CONTAINERS;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca commit web web:tuned",
        "felucca commit -m 'with curl' -c 'CMD [\"curl\", \"--help\"]' -c 'ENV LANG=C.UTF-8' box tools:1");
  }
}
