package org.felucca.metadata;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.lease.Lease;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.lease.LeasedResource;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filters;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The records of leases. */
@Component
public final class LeaseRecords implements LeaseStore {

  private final Database database;
  private final CollectionPlan plan;

  @Activate
  public LeaseRecords(@Reference Database database, @Reference CollectionPlan plan) {
    this.database = database;
    this.plan = plan;
  }

  private static Lease read(ResultSet row) throws SQLException {
    String id = row.getString(1);
    return new Lease(
        id, Columns.time(row.getLong(3)), Columns.map(row.getString(2), "lease " + id));
  }

  private static Fields fields(Lease lease) {
    return path ->
        switch (path.getFirst()) {
          case "id" -> Optional.of(lease.id());
          case "labels" -> Fields.inMap(lease.labels(), path);
          default -> Optional.empty();
        };
  }

  @Override
  public Lease create(Scope scope, String id, Map<String, String> labels) {
    if (id.isEmpty()) {
      throw EngineException.invalid("a lease must have an id");
    }
    Lease lease = new Lease(id, Instant.now(), Labels.checked(labels));
    Instant end = GcLabels.expiry(lease.labels(), "lease " + id);
    Lease made = create(scope, lease);
    if (end != null) {
      plan.at(end);
    }
    return made;
  }

  private Lease create(Scope scope, Lease lease) {
    String id = lease.id();
    return database.write(
        scope.durability(),
        t -> {
          NamespaceRecords.ensure(t, scope.namespace());
          int made =
              t.sql()
                  .update(
                      "INSERT OR IGNORE INTO leases VALUES (?, ?, ?, ?)",
                      scope.namespace(),
                      id,
                      Columns.write(lease.labels()),
                      Columns.write(lease.createdAt()));
          if (made == 0) {
            throw EngineException.alreadyExists(
                "lease %s exists already in namespace %s".formatted(id, scope.namespace()));
          }
          return lease;
        });
  }

  @Override
  public void delete(Scope scope, String id) {
    database.write(
        scope.durability(),
        t -> {
          t.makesRoom();
          t.mayLeaveGarbage();
          LeasedRows.require(t.sql(), scope.namespace(), id);
          drop(t, scope.namespace().value(), id);
          return true;
        });
  }

  /** Ends a lease as part of another change. */
  static void drop(Transaction t, String namespace, String id) {
    t.sql().update("DELETE FROM leased WHERE namespace = ? AND lease = ?", namespace, id);
    t.sql().update("DELETE FROM leases WHERE namespace = ? AND id = ?", namespace, id);
  }

  @Override
  public List<Lease> list(Scope scope, List<String> filters) {
    Predicate<Fields> filter = Filters.parseAll(filters);
    return database.read(
        sql ->
            sql.readable(
                "SELECT id, labels, created FROM leases WHERE namespace = ? ORDER BY created, id",
                row -> {
                  Lease lease = read(row);
                  return filter.test(fields(lease)) ? lease : null;
                },
                scope.namespace()));
  }

  @Override
  public void addResource(Scope scope, String id, LeasedResource resource) {
    LeasedResource checked = checked(resource);
    database.write(
        scope.durability(),
        t -> {
          LeasedRows.add(t, scope.namespace(), id, checked);
          return true;
        });
  }

  @Override
  public void deleteResource(Scope scope, String id, LeasedResource resource) {
    LeasedResource checked = checked(resource);
    database.write(
        scope.durability(),
        t -> {
          LeasedRows.require(t.sql(), scope.namespace(), id);
          t.sql()
              .update(
                  "DELETE FROM leased WHERE namespace = ? AND lease = ? AND type = ? AND id = ?",
                  scope.namespace(),
                  id,
                  checked.type(),
                  checked.id());
          t.mayLeaveGarbage();
          return true;
        });
  }

  private static LeasedResource checked(LeasedResource resource) {
    String type = resource.type();
    boolean known =
        type.equals(LeasedRows.CONTENT)
            || type.equals(LeasedRows.INGESTS)
            || type.equals(LeasedRows.IMAGES)
            || (type.startsWith(LeasedRows.SNAPSHOTS)
                && type.length() > LeasedRows.SNAPSHOTS.length());
    if (!known) {
      throw EngineException.invalid(
          "a lease can't keep a resource of type %s; the types are content, ingests, images and snapshots/<snapshotter>"
              .formatted(Identifiers.quote(type)));
    }
    if (resource.id().isEmpty()) {
      throw EngineException.invalid("a leased resource must have an id");
    }
    return resource;
  }

  @Override
  public List<LeasedResource> resources(Scope scope, String id) {
    return database.read(
        sql -> {
          LeasedRows.require(sql, scope.namespace(), id);
          return sql.all(
              "SELECT type, id FROM leased WHERE namespace = ? AND lease = ? ORDER BY type, id",
              row -> new LeasedResource(row.getString(1), row.getString(2)),
              scope.namespace(),
              id);
        });
  }
}
