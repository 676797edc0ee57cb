package org.felucca.shell.verb;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/** Lists snapshots. */
final class SnapshotList extends Listing<SnapshotList.Row> {
  /** A snapshot. */
  record Row(
      String key,
      @Nullable String parent,
      String kind,
      String snapshotter,
      Instant createdAt,
      Instant updatedAt,
      Map<String, String> labels) {
    static Row of(SnapshotInfo info) {
      return new Row(
          info.key(),
          info.parent(),
          info.kind().name().toLowerCase(Locale.ROOT),
          info.snapshotter(),
          info.createdAt(),
          info.updatedAt(),
          info.labels());
    }
  }

  @Mixin SnapshotOption meant = new SnapshotOption();

  @Override
  protected List<Row> rows() {
    return meant.all(services(), scope()).stream().map(Row::of).toList();
  }

  @Override
  protected Columns<Row> columns() {
    Instant now = Instant.now();
    return new Columns<>(Row.class)
        .column("KEY", "Key", row -> shown(row.key()))
        .shrinks()
        .column("PARENT", "Parent", row -> row.parent() == null ? "" : shown(row.parent()))
        .shrinks()
        .column("KIND", "Kind", Row::kind)
        .column("SNAPSHOTTER", "Snapshotter", Row::snapshotter)
        .column("CREATED", "CreatedSince", row -> Words.ago(row.createdAt(), now))
        .dispensable()
        .word("CreatedAt", row -> row.createdAt().toString())
        .word("Labels", row -> Words.pairs(row.labels()));
  }

  private String shown(String key) {
    return whole ? key : ShortNames.of(key);
  }

  @Override
  protected String brief(Row row) {
    return row.key();
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca snapshot ls", "felucca snapshot ls --snapshotter overlayfs --filter kind=active");
  }
}
