package org.felucca.shell.verb;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.image.ExportOptions;
import org.felucca.api.image.Platform;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes images into an archive. */
final class ImageExport extends Verb {
  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE|FOLDER/|-",
      description =
          "a tar, a folder (with a slash at its end) or standard output, which is the default")
  String output = "-";

  @Option(
      names = "--format",
      paramLabel = "oci|docker",
      description = "an OCI layout, which docker load takes as well, or what docker save wrote")
  @Nullable String format;

  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "only this variant; several may be named (else every one that is here)")
  List<String> platforms = new ArrayList<>();

  @Option(names = "--all-platforms", description = "every variant, and fail if one is not here")
  boolean all;

  @Option(
      names = {"-q", "--quiet"},
      description = "no progress")
  boolean quiet;

  @Mixin ProgressOptions progress = new ProgressOptions();

  @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "names, or beginnings of digests")
  List<String> images = new ArrayList<>();

  @Override
  protected void run() {
    Scope scope = scope();
    ExportOptions options =
        new ExportOptions(kind(), platforms.stream().map(Platform::parse).toList(), all);
    images.forEach(this::image); // guesses at typing errors before anything is written
    if (output.equals("-") && call().isTerminal()) {
      throw EngineException.invalid(
          "an archive is nothing for a terminal; name a file by --output, or send it into a pipe");
    }
    try (ProgressReport report = progress.begin(call(), quiet)) {
      if (output.equals("-")) {
        services()
            .exports()
            .use(
                exports -> {
                  exports.exportStream(scope, images, options, call().out(), report);
                  return true;
                });
        return;
      }
      Path target = call().path(output);
      boolean folder = output.endsWith("/") || Files.isDirectory(target);
      services()
          .exports()
          .use(
              exports -> {
                exports.exportPath(scope, images, options, target, folder, report);
                return true;
              });
    }
  }

  private ExportOptions.Format kind() {
    return switch (format) {
      case null -> ExportOptions.Format.OCI;
      case "oci", "oci-archive", "oci-dir" -> ExportOptions.Format.OCI;
      case "docker", "docker-archive" -> ExportOptions.Format.DOCKER;
      default ->
          throw EngineException.invalid(
              "--format %s must be oci or docker".formatted(Identifiers.quote(format)));
    };
  }

  @Override
  protected Names names() {
    return Names.IMAGES;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca image export -o busybox.tar busybox",
        "felucca image export -o layout/ busybox app:1   # two images in an OCI layout",
        "felucca image export --format docker app:1 | ssh host docker load");
  }
}
