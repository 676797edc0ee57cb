package org.felucca.shell.verb;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.image.MountedImage;
import org.felucca.api.image.Platform;
import org.felucca.shell.view.Style;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the files of an image in a folder; without arguments, lists where some are shown. */
final class ImageMount extends Listing<ImageMount.Row> {
  /** A mounted image. */
  record Row(
      String folder,
      String image,
      String snapshotter,
      String key,
      Instant mountedAt,
      boolean present) {
    static Row of(MountedImage mounted) {
      return new Row(
          mounted.folder().toString(),
          mounted.image(),
          mounted.snapshotter(),
          mounted.key(),
          mounted.mountedAt(),
          mounted.present());
    }
  }

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

  @Mixin ProgressOptions progress = new ProgressOptions();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "IMAGE",
      description = "a name, or the beginning of a digest")
  @Nullable String image;

  @Parameters(index = "1", arity = "0..1", paramLabel = "FOLDER", description = "an empty folder")
  @Nullable String folder;

  @Override
  protected void run() throws Exception {
    String wanted = image;
    if (wanted == null) {
      super.run();
      return;
    }
    if (folder == null) {
      throw EngineException.invalid(
          "image mount: the folder is missing; write felucca image mount %s FOLDER"
              .formatted(wanted));
    }
    Scope scope = scope();
    Path target = call().path(folder);
    Platform variant = platform == null ? null : Platform.parse(platform);
    String name = image(wanted).name();
    MountedImage mounted;
    try (ProgressReport report = progress.begin(call(), quiet)) {
      mounted =
          services()
              .mounts()
              .use(mounts -> mounts.mount(scope, name, variant, snapshotter, target, report));
    }
    say(mounted.folder().toString());
  }

  @Override
  protected List<Row> rows() {
    Scope scope = scope();
    return services().mounts().use(mounts -> mounts.list(scope)).stream().map(Row::of).toList();
  }

  @Override
  protected Columns<Row> columns() {
    Instant now = Instant.now();
    return new Columns<>(Row.class)
        .column("FOLDER", "Folder", Row::folder)
        .column("IMAGE", "Image", row -> ContainerRow.familiar(row.image()))
        .shrinks()
        .column("SNAPSHOTTER", "Snapshotter", Row::snapshotter)
        .dispensable()
        .column(
            "MOUNTED",
            "MountedSince",
            row -> row.present() ? Words.ago(row.mountedAt(), now) : "not any more")
        .style(row -> row.present() ? Style.PLAIN : Style.BAD);
  }

  @Override
  protected String brief(Row row) {
    return row.folder();
  }

  @Override
  protected Names names(int argument) {
    return argument == 0 ? Names.IMAGES : argument == 1 ? Names.FILES : Names.NONE;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca image mount busybox /mnt   # read-only, until felucca image umount /mnt",
        "felucca image mount   # what is mounted");
  }
}
