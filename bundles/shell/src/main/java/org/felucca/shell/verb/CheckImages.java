package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageCheck;
import org.felucca.shell.session.ExitStatus;
import org.felucca.shell.view.Document;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looks for damage in images and what lies unpacked of them. */
final class CheckImages extends Verb {
  /** The status when something is broken. */
  private static final int BROKEN = 1;

  @Option(
      names = "--blobs-only",
      description = "read blobs, but do not compare what lies unpacked with them")
  boolean blobsOnly;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "text, json (one document an image), or a template")
  @Nullable String format;

  @Option(
      names = {"-q", "--quiet"},
      description = "only what is broken, and no progress")
  boolean quiet;

  @Mixin ProgressOptions progress = new ProgressOptions();

  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE",
      description = "names, or beginnings of digests (else every image)")
  List<String> images = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    Format asked = Format.parse("text", format);
    List<Image> wanted = new ArrayList<>();
    if (images.isEmpty()) {
      wanted.addAll(services().images().use(service -> service.list(scope, List.of())));
    } else {
      forEach(images, text -> wanted.add(image(text)));
    }
    boolean broken = false;
    for (Image image : wanted) {
      ImageCheck check;
      try (ProgressReport report = progress.begin(call(), quiet)) {
        check = services().care().use(care -> care.check(scope, image, !blobsOnly, report));
      }
      broken |= !check.problems().isEmpty();
      if (asked.isJson() || asked.template() != null) {
        Format.say(call(), asked.line(new Document(check)));
      } else {
        show(check);
      }
    }
    if (broken) {
      throw new ExitStatus(BROKEN);
    }
  }

  private void show(ImageCheck check) {
    String name = ContainerRow.familiar(check.image());
    if (check.problems().isEmpty() && !quiet) {
      String unpacked =
          check.snapshotters().isEmpty()
              ? blobsOnly ? "" : ", not unpacked"
              : ", unpacked in %s as its layers say"
                  .formatted(String.join(" and ", check.snapshotters()));
      say(
          "%s: whole, %d blobs of %s%s"
              .formatted(name, check.blobs(), Words.bytes(check.bytes()), unpacked));
    }
    for (ImageCheck.Problem problem : check.problems()) {
      say(
          "%s: %s %s\n  what to do: %s"
              .formatted(name, problem.subject(), problem.reason(), problem.remedy()));
    }
  }

  @Override
  protected Names names() {
    return Names.IMAGES;
  }

  @Override
  protected String[] footer() {
    return new String[] {"", "The status is 1 if anything is broken."};
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca image check   # every image", "felucca image check --blobs-only busybox");
  }
}
