package org.felucca.shell.verb;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.Scope;
import org.felucca.shell.view.Table;
import org.felucca.shell.view.Words;
import picocli.CommandLine.Option;

/** Lists images. */
final class ImageList extends Listing {
  @Option(
      names = {"-f", "--filter"},
      paramLabel = "FILTER",
      description = "only those that match one, in containerd's grammar, such as 'name~=busybox'")
  List<String> filters = new ArrayList<>();

  @Option(names = "--no-trunc", description = "do not shorten anything")
  boolean whole;

  @Override
  protected void run() {
    Scope scope = scope();
    List<ImageRow> rows =
        services().images().use(images -> images.list(scope, filters)).stream()
            .map(image -> ImageRow.of(services(), scope, image))
            .toList();
    if (quiet) {
      rows.forEach(row -> say(whole ? row.digest() : row.shortId()));
    } else if (isJson()) {
      rows.forEach(this::json);
    } else {
      call().out().print(table(rows, Instant.now()).text(whole ? 0 : call().columns()));
    }
  }

  Table table(List<ImageRow> rows, Instant now) {
    Table table =
        new Table("REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE")
            .shrink("REPOSITORY")
            .shrink("TAG");
    for (ImageRow row : rows) {
      table.row(
          row.repository(),
          row.tag().isEmpty() ? "<none>" : row.tag(),
          whole ? row.digest() : row.shortId(),
          Words.ago(row.createdAt(), now),
          Words.bytes(row.size()));
    }
    return table;
  }
}
