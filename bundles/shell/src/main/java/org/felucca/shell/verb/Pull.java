package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.Scope;
import org.felucca.api.image.Image;
import org.felucca.api.image.Platform;
import org.felucca.api.registry.PullOptions;
import org.felucca.shell.view.Document;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Pulls images. */
final class Pull extends Verb {
  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "this variant in place of this machine's; several may be named")
  List<String> platforms = new ArrayList<>();

  @Option(names = "--all-platforms", description = "every variant, and all else an index names")
  boolean all;

  @Option(
      names = "--snapshotter",
      paramLabel = "NAME",
      description = "where it is unpacked (else the namespace's or the configuration's)")
  @Nullable String snapshotter;

  @Option(names = "--no-unpack", description = "leave it packed; the first container unpacks it")
  boolean packed;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "names, json (one document an image), or a template such as '{{.digest}}'")
  @Nullable String format;

  @Option(
      names = {"-q", "--quiet"},
      description = "names only, and no progress")
  boolean quiet;

  @Mixin LeaseOption lease = new LeaseOption();

  @Mixin RegistryOptions registry = new RegistryOptions();

  @Mixin ProgressOptions progress = new ProgressOptions();

  @Parameters(
      arity = "1..*",
      paramLabel = "NAME",
      description =
          "images: [registry/]name[:tag][@digest], docker.io and latest if nothing is said")
  List<String> names = new ArrayList<>();

  @Override
  protected Names names() {
    return Names.IMAGES;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca pull busybox",
        "felucca pull --platform linux/arm64 --no-unpack debian:13",
        "felucca pull --plain-http registry.local:5000/team/app:2");
  }

  @Override
  protected void run() throws Exception {
    Scope scope = lease.of(scope());
    Format asked = Format.parse("names", format);
    PullOptions options =
        new PullOptions(
            platforms.stream().map(Platform::parse).toList(),
            all,
            !packed,
            snapshotter,
            null,
            Map.of(),
            registry.access(call()));
    forEach(names, name -> pull(scope, name, options, asked));
  }

  private void pull(Scope scope, String name, PullOptions options, Format asked) {
    Image image;
    try (TransferReport report = progress.transfer(call(), quiet)) {
      image = services().transfers().use(transfers -> transfers.pull(scope, name, options, report));
    }
    if (asked.template() != null || asked.isJson()) {
      Format.say(call(), asked.line(new Document(ImageRow.of(services(), scope, image))));
    } else {
      say(ContainerRow.familiar(image.name()));
    }
  }
}
