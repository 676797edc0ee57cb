package org.felucca.shell.verb;

import java.util.List;
import java.util.Locale;
import org.felucca.api.Scope;
import org.felucca.api.info.DiskUse;
import org.felucca.shell.view.Words;
import picocli.CommandLine.Option;

/** Shows what takes room on the disk. */
final class DiskUseList extends Listing<DiskUseList.Row> {
  /** What things of a kind take. */
  record Row(String type, int count, int active, long bytes, long reclaimable, boolean counted) {
    static Row of(DiskUse use) {
      return new Row(
          use.kind().name().toLowerCase(Locale.ROOT),
          use.count(),
          use.active(),
          use.bytes(),
          use.reclaimable(),
          use.counted());
    }

    String bytes(long bytes) {
      if (counted) {
        return Words.bytes(bytes);
      }
      return bytes == 0 ? "not counted" : "over " + Words.bytes(bytes);
    }
  }

  @Option(
      names = "--count",
      description = "count what containers and volumes hold now, which may take a while")
  boolean count;

  @Override
  protected List<Row> rows() {
    Scope scope = scope();
    return services().info().use(info -> info.diskUse(scope, count)).stream().map(Row::of).toList();
  }

  @Override
  protected Columns<Row> columns() {
    return new Columns<>(Row.class)
        .column("TYPE", "Type", Row::type)
        .column("TOTAL", "TotalCount", row -> Integer.toString(row.count()))
        .column("ACTIVE", "Active", row -> Integer.toString(row.active()))
        .column("SIZE", "Size", row -> row.bytes(row.bytes()))
        .column("RECLAIMABLE", "Reclaimable", row -> row.bytes(row.reclaimable()));
  }

  @Override
  protected String brief(Row row) {
    return row.type();
  }

  @Override
  protected List<String> values(String key) {
    return key.equals("type")
        ? java.util.Arrays.stream(DiskUse.Kind.values())
            .map(kind -> kind.name().toLowerCase(Locale.ROOT))
            .toList()
        : List.of();
  }

  @Override
  protected String[] footer() {
    return new String[] {
      "",
      "Images are counted with the blobs that they came as, snapshots with the",
      "layers that these are laid out in. What is not active can be had back by",
      "image prune -a, container prune and volume prune. The sizes of containers",
      "are those of the last count."
    };
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca df", "felucca df --count --format '{{.Type}} {{.bytes}}'");
  }
}
