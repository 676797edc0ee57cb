package org.felucca.shell.verb;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.felucca.api.Scope;
import org.felucca.api.lease.Lease;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;

/** Lists the leases. */
final class LeaseList extends Listing<LeaseList.Row> {
  static final String EXPIRE = "containerd.io/gc.expire";

  /** A lease and what it keeps, as {@code type/id}. */
  record Row(
      String id,
      Instant createdAt,
      @Nullable String expires,
      List<String> resources,
      Map<String, String> labels) {}

  @Override
  protected List<Row> rows() {
    Scope scope = scope();
    return services()
        .leases()
        .use(
            store ->
                store.list(scope, List.of()).stream()
                    .map(lease -> row(lease, resources(scope, lease)))
                    .toList());
  }

  private List<String> resources(Scope scope, Lease lease) {
    return services().leases().use(store -> store.resources(scope, lease.id())).stream()
        .map(resource -> resource.type() + "/" + resource.id())
        .toList();
  }

  private static Row row(Lease lease, List<String> resources) {
    return new Row(
        lease.id(), lease.createdAt(), lease.labels().get(EXPIRE), resources, lease.labels());
  }

  @Override
  protected Columns<Row> columns() {
    Instant now = Instant.now();
    return new Columns<>(Row.class)
        .column("ID", "ID", Row::id)
        .column("CREATED", "CreatedSince", row -> Words.ago(row.createdAt(), now))
        .column("EXPIRES", "Expires", row -> row.expires() == null ? "never" : row.expires())
        .column("KEEPS", "Resources", row -> Integer.toString(row.resources().size()))
        .column("LABELS", "Labels", row -> Words.pairs(row.labels()))
        .shrinks()
        .dispensable();
  }

  @Override
  protected String brief(Row row) {
    return row.id();
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca lease ls", "felucca lease ls --format '{{.ID}} {{json .resources}}'");
  }
}
