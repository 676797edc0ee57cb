package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Image;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lays images out before a container needs them. */
final class ImageUnpack extends Verb {
  @Option(
      names = "--snapshotter",
      paramLabel = "NAME",
      description = "where it is unpacked (else the namespace's or the configuration's)")
  @Nullable String snapshotter;

  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "which of its variants (else this machine's)")
  @Nullable String platform;

  @Mixin LeaseOption lease = new LeaseOption();

  @Mixin ProgressOptions progress = new ProgressOptions();

  @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "names, or beginnings of digests")
  List<String> images = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = lease.of(scope());
    Platform wanted = platform == null ? Platform.host() : Platform.parse(platform);
    forEach(
        images,
        text -> {
          Image image = image(text);
          Digest top;
          try (ProgressReport report = progress.begin(call(), false)) {
            top =
                services()
                    .images()
                    .use(
                        service -> {
                          ResolvedImage resolved = service.resolve(scope, image, wanted);
                          return service.unpack(scope, resolved, snapshotter, report);
                        });
          }
          say(top.toString());
        });
  }

  @Override
  protected Names names() {
    return Names.IMAGES;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca image unpack busybox   # prints the name of its topmost snapshot",
        "felucca image unpack --snapshotter native busybox");
  }
}
