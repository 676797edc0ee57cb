package org.felucca.shell.verb;

import java.util.List;
import java.util.Map;
import org.felucca.shell.view.Words;

/** Lists the namespaces. */
final class NamespaceList extends Listing<NamespaceList.Row> {
  /** A namespace. */
  record Row(String name, Map<String, String> labels) {}

  @Override
  protected List<Row> rows() {
    return services()
        .namespaces()
        .use(
            store ->
                store.list().stream()
                    .map(name -> new Row(name.value(), store.labels(name)))
                    .toList());
  }

  @Override
  protected Columns<Row> columns() {
    return new Columns<>(Row.class)
        .column("NAME", "Name", Row::name)
        .column("LABELS", "Labels", row -> Words.pairs(row.labels()))
        .shrinks();
  }

  @Override
  protected String brief(Row row) {
    return row.name();
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca namespace ls", "felucca namespace ls -q");
  }
}
