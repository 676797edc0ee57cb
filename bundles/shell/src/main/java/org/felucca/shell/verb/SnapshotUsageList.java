package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.shell.view.Words;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Lists what snapshots take, each without what stands below it. */
final class SnapshotUsageList extends Listing<SnapshotUsageList.Row> {
  /** A snapshot and what it alone takes. */
  record Row(String key, String kind, String snapshotter, long bytes, long inodes) {}

  @Mixin SnapshotOption meant = new SnapshotOption();

  @Parameters(
      arity = "0..*",
      paramLabel = "KEY",
      description = "keys or beginnings of them (else every snapshot)")
  List<String> keys = new ArrayList<>();

  @Override
  protected List<Row> rows() throws Exception {
    Scope scope = scope();
    List<SnapshotInfo> wanted = new ArrayList<>();
    if (keys.isEmpty()) {
      wanted.addAll(meant.all(services(), scope));
    } else {
      forEach(keys, key -> wanted.add(meant.find(services(), scope, key)));
    }
    List<Row> rows = new ArrayList<>();
    for (SnapshotInfo info : wanted) {
      try {
        SnapshotUsage usage =
            services()
                .snapshots()
                .use(snapshots -> snapshots.usage(scope, info.snapshotter(), info.key()));
        rows.add(
            new Row(
                info.key(),
                info.kind().name().toLowerCase(Locale.ROOT),
                info.snapshotter(),
                usage.bytes(),
                usage.inodes()));
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.NOT_FOUND || !keys.isEmpty()) {
          throw e; // else it went meanwhile
        }
      }
    }
    return rows;
  }

  @Override
  protected Columns<Row> columns() {
    return new Columns<>(Row.class)
        .column("KEY", "Key", row -> whole ? row.key() : ShortNames.of(row.key()))
        .shrinks()
        .column("KIND", "Kind", Row::kind)
        .column("SNAPSHOTTER", "Snapshotter", Row::snapshotter)
        .dispensable()
        .column("SIZE", "Size", row -> Words.bytes(row.bytes()))
        .column("FILES", "Inodes", row -> Long.toString(row.inodes()));
  }

  @Override
  protected String brief(Row row) {
    return row.key();
  }

  @Override
  protected Names names() {
    return Names.SNAPSHOTS;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca snapshot usage", "felucca snapshot usage --format '{{.Key}} {{.bytes}}'");
  }
}
