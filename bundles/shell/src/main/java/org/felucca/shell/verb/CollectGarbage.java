package org.felucca.shell.verb;

import java.util.List;
import java.util.Locale;
import org.felucca.api.EngineException;
import org.felucca.api.gc.Collected;
import org.felucca.api.gc.Garbage;
import org.felucca.shell.view.Document;
import org.felucca.shell.view.Words;
import picocli.CommandLine.Option;

/** Collects what nothing keeps, or lists it. */
final class CollectGarbage extends Listing<CollectGarbage.Row> {
  /** A thing that nothing keeps. */
  record Row(String kind, String namespace, String name, String snapshotter, long bytes) {
    static Row of(Garbage garbage) {
      return new Row(
          garbage.thing().kind().name().toLowerCase(Locale.ROOT),
          garbage.thing().namespace().value(),
          garbage.thing().name(),
          garbage.thing().snapshotter(),
          garbage.bytes());
    }
  }

  @Option(names = "--dry-run", description = "list what would go, and do nothing")
  boolean dry;

  @Override
  protected void run() throws Exception {
    if (dry) {
      super.run();
      return;
    }
    if (!filters.isEmpty()) {
      throw EngineException.invalid(
          "--filter chooses from what --dry-run lists; a collection takes all that nothing keeps");
    }
    Format asked = Format.parse("table", format);
    Collected collected = services().collector().use(collector -> collector.collect());
    if (asked.isJson() || asked.template() != null) {
      Format.say(call(), asked.line(new Document(collected)));
    } else if (!quiet) {
      say(
          "%s and %s removed, %s freed"
              .formatted(
                  Words.count(collected.blobs(), "blob"),
                  Words.count(collected.snapshots(), "snapshot"),
                  Words.bytes(collected.bytes())));
    }
  }

  @Override
  protected List<Row> rows() {
    return services().retention().use(retention -> retention.garbage()).stream()
        .map(Row::of)
        .toList();
  }

  @Override
  protected Columns<Row> columns() {
    return new Columns<>(Row.class)
        .column("KIND", "Kind", Row::kind)
        .column("NAMESPACE", "Namespace", Row::namespace)
        .dispensable()
        .column("NAME", "Name", row -> whole ? row.name() : ShortNames.of(row.name()))
        .shrinks()
        .column("SNAPSHOTTER", "Snapshotter", Row::snapshotter)
        .dispensable()
        .column("SIZE", "Size", row -> Words.bytes(row.bytes()));
  }

  @Override
  protected String brief(Row row) {
    return row.name();
  }

  @Override
  protected String[] footer() {
    return new String[] {
      "",
      "It comes by itself soon after something was removed or has expired, in all",
      "namespaces. felucca why says what keeps a thing."
    };
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca gc --dry-run", "felucca gc --dry-run -q -f kind=snapshot", "felucca gc");
  }
}
