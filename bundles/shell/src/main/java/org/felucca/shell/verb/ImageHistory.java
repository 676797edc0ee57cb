package org.felucca.shell.verb;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.api.content.Descriptor;
import org.felucca.api.image.Image;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.oci.ImageConfig;
import org.felucca.shell.view.Table;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists the steps in which an image was made, the last one first. */
final class ImageHistory extends Listing<ImageHistory.Row> {
  private static final int COMMAND_WIDTH = 45;

  /** A step; without a digest and a size it made no layer. */
  record Row(
      @Nullable String layer,
      @Nullable Instant createdAt,
      String createdBy,
      long size,
      String comment) {}

  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "which of its variants (else this machine's)")
  @Nullable String platform;

  @Parameters(
      index = "0",
      paramLabel = "IMAGE",
      description = "a name, or the beginning of a digest")
  String name = "";

  @Override
  protected List<Row> rows() {
    Scope scope = scope();
    Image image = image(name);
    Platform wanted = platform == null ? Platform.host() : Platform.parse(platform);
    ResolvedImage resolved =
        services().images().use(images -> images.resolve(scope, image, wanted));
    return of(resolved).reversed();
  }

  static List<Row> of(ResolvedImage image) {
    ImageConfig config = ImageConfig.parse(image.configJson(), "config " + image.config().digest());
    Iterator<Descriptor> layers = image.layers().iterator();
    List<Row> rows = new ArrayList<>();
    for (ImageConfig.History step : config.history()) {
      Descriptor layer = step.emptyLayer() || !layers.hasNext() ? null : layers.next();
      rows.add(
          new Row(
              layer == null ? null : layer.digest().toString(),
              step.created(),
              step.createdBy(),
              layer == null ? 0 : layer.size(),
              step.comment()));
    }
    // What nobody wrote a history of is still there.
    layers.forEachRemaining(
        layer -> rows.add(new Row(layer.digest().toString(), null, "", layer.size(), "")));
    return rows;
  }

  @Override
  protected Columns<Row> columns() {
    Instant now = Instant.now();
    return new Columns<>(Row.class)
        .column("LAYER", "ID", this::brief)
        .column(
            "CREATED",
            "CreatedSince",
            row -> row.createdAt() == null ? "" : Words.ago(row.createdAt(), now))
        .column(
            "CREATED BY",
            "CreatedBy",
            row -> whole ? row.createdBy() : Table.cut(row.createdBy(), COMMAND_WIDTH))
        .shrinks()
        .column("SIZE", "Size", row -> Words.bytes(row.size()))
        .column("COMMENT", "Comment", Row::comment)
        .dispensable()
        .word("CreatedAt", row -> row.createdAt() == null ? "" : row.createdAt().toString());
  }

  @Override
  protected String brief(Row row) {
    String layer = row.layer();
    return layer == null ? "<none>" : whole ? layer : ShortNames.of(layer);
  }

  @Override
  protected Names names(int argument) {
    return argument == 0 ? Names.IMAGES : Names.NONE;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca image history busybox",
        "felucca image history --no-trunc --format '{{.CreatedBy}}' app:1");
  }
}
