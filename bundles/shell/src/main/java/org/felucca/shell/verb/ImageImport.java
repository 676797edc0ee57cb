package org.felucca.shell.verb;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImportOptions;
import org.felucca.shell.view.Document;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Imports images. */
final class ImageImport extends Verb {
  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "names, json (one document an image), or a template such as '{{.digest}}'")
  @Nullable String format;

  @Option(
      names = {"-q", "--quiet"},
      description = "digests only, and no progress")
  boolean quiet;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "the name of an image that the archive does not name")
  @Nullable String name;

  @Option(
      names = "--snapshotter",
      paramLabel = "NAME",
      description = "where it is unpacked (else the namespace's or the configuration's)")
  @Nullable String snapshotter;

  @Option(names = "--no-unpack", description = "leave it packed; the first container unpacks it")
  boolean packed;

  @Mixin LeaseOption lease = new LeaseOption();

  @Mixin ProgressOptions progress = new ProgressOptions();

  @Parameters(
      index = "0",
      paramLabel = "FILE|FOLDER|-",
      description =
          "an OCI layout (a folder or a tar) or what docker save wrote; - for standard input")
  String archive = "";

  @Override
  protected Names names(int argument) {
    return argument == 0 ? Names.FILES : Names.NONE;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca image import busybox.tar",
        "docker save app | felucca image import -   # from another engine",
        "felucca image import --name app:1 ./layout   # a folder in the OCI layout");
  }

  @Override
  protected void run() {
    Scope scope = lease.of(scope());
    ImportOptions options = new ImportOptions(name, snapshotter, !packed);
    Format asked = Format.parse("names", format);
    List<Image> images;
    try (ProgressReport report = progress.begin(call(), quiet)) {
      if (archive.equals("-")) {
        images =
            services()
                .images()
                .use(service -> service.importStream(scope, call().in(), options, report));
      } else {
        Path path = call().path(archive);
        if (!Files.exists(path)) {
          throw EngineException.notFound(
              "import %s: there is no such file or folder".formatted(path));
        }
        images =
            services().images().use(service -> service.importPath(scope, path, options, report));
      }
    }
    for (Image image : images) {
      if (asked.template() != null || asked.isJson()) {
        Format.say(call(), asked.line(new Document(ImageRow.of(services(), scope, image))));
      } else {
        say(quiet ? image.target().digest().toString() : ContainerRow.familiar(image.name()));
      }
    }
  }
}
