package org.felucca.metadata;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.event.Event;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filters;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The records of containers. */
@Component
public final class ContainerRecords implements ContainerStore {

  private static final String COLUMNS =
      "SELECT id, labels, image, runtime, snapshotter, snapshot_key, sandbox, created, updated,"
          + " extensions, options_type, options, type, value";

  private static final String WHOLE =
      COLUMNS + " FROM containers LEFT JOIN specs ON container = number WHERE namespace = ?";

  private static final String WITHOUT_SPECS =
      COLUMNS.replace("type, value", "NULL, NULL") + " FROM containers WHERE namespace = ?";

  private final Database database;

  @Activate
  public ContainerRecords(@Reference Database database) {
    this.database = database;
  }

  private static ContainerRecord read(ResultSet row) throws SQLException {
    String id = row.getString(1);
    String record = "container " + id;
    try {
      return new ContainerRecord(
          new ContainerId(id),
          Columns.map(row.getString(2), record),
          row.getString(3),
          row.getString(4),
          typed(row, 11),
          typed(row, 13),
          row.getString(5),
          row.getString(6),
          row.getString(7),
          Columns.time(row.getLong(8)),
          Columns.time(row.getLong(9)),
          Columns.typed(row.getString(10), record));
    } catch (EngineException e) {
      throw new Sql.BadRecord(String.valueOf(e.getMessage()), e);
    }
  }

  static @Nullable TypedBytes typed(ResultSet row, int column) throws SQLException {
    String type = row.getString(column);
    if (type == null) {
      return null;
    }
    byte[] value = row.getBytes(column + 1);
    return new TypedBytes(type, value == null ? new byte[0] : value);
  }

  /** The fields that filters name, read no sooner than they are asked for. */
  private static Fields fields(ResultSet row) throws SQLException {
    String id = row.getString(1);
    Map<String, String> labels = Columns.map(row.getString(2), "container " + id);
    String image = row.getString(3);
    String runtime = row.getString(4);
    return path ->
        switch (path.getFirst()) {
          case "id" -> Optional.of(id);
          case "image" -> Optional.of(image).filter(i -> !i.isEmpty());
          case "runtime" ->
              path.size() > 1 && path.get(1).equals("name")
                  ? Optional.of(runtime)
                  : Optional.empty();
          case "labels" -> Fields.inMap(labels, path);
          default -> Optional.empty();
        };
  }

  private static ContainerRecord required(Sql sql, Namespace namespace, ContainerId id) {
    ContainerRecord found = sql.first(WHOLE + " AND id = ?", ContainerRecords::read, namespace, id);
    if (found == null) {
      throw EngineException.notFound(
          "container %s does not exist in namespace %s".formatted(id, namespace));
    }
    return found;
  }

  private static ContainerRecord checked(ContainerRecord container) {
    if (container.runtime().isEmpty()) {
      throw EngineException.invalid(
          "container %s has no runtime; name one".formatted(container.id()));
    }
    if (!container.snapshotKey().isEmpty() && container.snapshotter().isEmpty()) {
      throw EngineException.invalid(
          "container %s has a snapshot and no snapshotter; name one".formatted(container.id()));
    }
    if (container.extensions().containsKey("")) {
      throw EngineException.invalid(
          "container %s has an extension without a name".formatted(container.id()));
    }
    return container;
  }

  private static ContainerRecord with(
      ContainerRecord c, Map<String, String> labels, Instant createdAt, Instant updatedAt) {
    return new ContainerRecord(
        c.id(),
        labels,
        c.image(),
        c.runtime(),
        c.runtimeOptions(),
        c.spec(),
        c.snapshotter(),
        c.snapshotKey(),
        c.sandbox(),
        createdAt,
        updatedAt,
        c.extensions());
  }

  @Override
  public ContainerRecord create(Scope scope, ContainerRecord container) {
    Instant now = Instant.now();
    ContainerRecord made = with(checked(container), Labels.checked(container.labels()), now, now);
    return database.write(
        scope.durability(),
        t -> {
          NamespaceRecords.ensure(t, scope.namespace());
          if (t.sql()
                  .number(
                      "SELECT count(*) FROM containers WHERE namespace = ? AND id = ?",
                      scope.namespace(),
                      made.id())
              > 0) {
            throw EngineException.alreadyExists(
                "container %s exists already in namespace %s"
                    .formatted(made.id(), scope.namespace()));
          }
          requireFreeName(t.sql(), scope.namespace(), made);
          TypedBytes options = made.runtimeOptions();
          t.sql()
              .update(
                  "INSERT INTO containers (namespace, id, called, labels, image, runtime, snapshotter,"
                      + " snapshot_key, sandbox, created, updated, extensions, options_type, options)"
                      + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  scope.namespace(),
                  made.id(),
                  made.labels().get(ContainerRecord.NAME_LABEL),
                  Columns.write(made.labels()),
                  made.image(),
                  made.runtime(),
                  made.snapshotter(),
                  made.snapshotKey(),
                  made.sandbox(),
                  Columns.write(made.createdAt()),
                  Columns.write(made.updatedAt()),
                  Columns.writeTyped(made.extensions()),
                  options == null ? null : options.typeUrl(),
                  options == null ? null : options.value());
          writeSpec(t.sql(), scope.namespace(), made.id(), made.spec());
          t.happened(
              scope.namespace(),
              new Event.ContainerCreate(made.id().value(), made.image(), made.runtime()));
          return made;
        });
  }

  private static void writeSpec(
      Sql sql, Namespace namespace, ContainerId id, @Nullable TypedBytes spec) {
    long number =
        sql.number("SELECT number FROM containers WHERE namespace = ? AND id = ?", namespace, id);
    if (spec == null) {
      sql.update("DELETE FROM specs WHERE container = ?", number);
    } else {
      sql.update(
          "INSERT OR REPLACE INTO specs VALUES (?, ?, ?)", number, spec.typeUrl(), spec.value());
    }
  }

  private static void requireFreeName(Sql sql, Namespace namespace, ContainerRecord container) {
    String name = container.labels().get(ContainerRecord.NAME_LABEL);
    if (name == null) {
      return;
    }
    String holder =
        sql.first(
            "SELECT id FROM containers WHERE namespace = ? AND called = ? AND id <> ?",
            row -> row.getString(1),
            namespace,
            name,
            container.id());
    if (holder != null) {
      throw EngineException.alreadyExists(
          "the name %s is taken by container %s; choose another, or remove that container"
              .formatted(name, holder));
    }
  }

  @Override
  public ContainerRecord update(Scope scope, ContainerRecord container, Set<String> paths) {
    return database.write(
        scope.durability(),
        t -> {
          ContainerRecord before = required(t.sql(), scope.namespace(), container.id());
          ContainerRecord after = checked(changed(before, container, paths));
          requireFreeName(t.sql(), scope.namespace(), after);
          t.sql()
              .update(
                  "UPDATE containers SET called = ?, labels = ?, image = ?, snapshot_key = ?, updated = ?,"
                      + " extensions = ? WHERE namespace = ? AND id = ?",
                  after.labels().get(ContainerRecord.NAME_LABEL),
                  Columns.write(after.labels()),
                  after.image(),
                  after.snapshotKey(),
                  Columns.write(after.updatedAt()),
                  Columns.writeTyped(after.extensions()),
                  scope.namespace(),
                  after.id());
          if (!Objects.equals(after.spec(), before.spec())) {
            writeSpec(t.sql(), scope.namespace(), after.id(), after.spec());
          }
          t.happened(
              scope.namespace(),
              new Event.ContainerUpdate(
                  after.id().value(), after.image(), after.labels(), after.snapshotKey()));
          return after;
        });
  }

  private static ContainerRecord changed(
      ContainerRecord before, ContainerRecord given, Set<String> paths) {
    Set<String> all = paths;
    if (paths.isEmpty()) {
      if (!given.runtime().equals(before.runtime())
          || !given.snapshotter().equals(before.snapshotter())) {
        throw EngineException.invalid(
            "changing container %s: its runtime and its snapshotter can't be changed"
                .formatted(before.id()));
      }
      all = Set.of("labels", "spec", "extensions", "image", "snapshot_key");
    }
    Map<String, String> labels = before.labels();
    Map<String, TypedBytes> extensions = before.extensions();
    String image = before.image();
    String snapshotKey = before.snapshotKey();
    TypedBytes spec = before.spec();
    for (String path : all) {
      if (Labels.isLabelPath(path)) {
        labels = Labels.masked(labels, given.labels(), path);
      } else if (path.startsWith("extensions.")) {
        extensions = extended(extensions, given.extensions(), path.substring(11));
      } else {
        switch (path) {
          case "extensions" -> extensions = given.extensions();
          case "image" -> image = given.image();
          case "snapshot_key", "snapshotkey" -> snapshotKey = given.snapshotKey();
          case "spec" -> spec = given.spec();
          default ->
              throw Labels.unknownPath(
                  "container " + before.id(),
                  path,
                  "labels, labels.<key>, spec, extensions, extensions.<key>, image and"
                      + " snapshot_key");
        }
      }
    }
    return new ContainerRecord(
        before.id(),
        Labels.checked(labels),
        image,
        before.runtime(),
        before.runtimeOptions(),
        spec,
        before.snapshotter(),
        snapshotKey,
        before.sandbox(),
        before.createdAt(),
        Instant.now(),
        extensions);
  }

  static Map<String, TypedBytes> extended(
      Map<String, TypedBytes> before, Map<String, TypedBytes> given, String key) {
    Map<String, TypedBytes> after = new HashMap<>(before);
    TypedBytes value = given.get(key);
    if (value == null) {
      after.remove(key);
    } else {
      after.put(key, value);
    }
    return after;
  }

  @Override
  public ContainerRecord get(Scope scope, ContainerId id) {
    return database.read(sql -> required(sql, scope.namespace(), id));
  }

  @Override
  public List<ContainerRecord> list(Scope scope, List<String> filters) {
    return list(scope, filters, WHOLE);
  }

  @Override
  public List<ContainerRecord> listWithoutSpecs(Scope scope, List<String> filters) {
    return list(scope, filters, WITHOUT_SPECS);
  }

  private List<ContainerRecord> list(Scope scope, List<String> filters, String columns) {
    Predicate<Fields> filter = Filters.parseAll(filters);
    return database.read(
        sql ->
            sql.readable(
                columns + " ORDER BY created, number",
                row -> filters.isEmpty() || filter.test(fields(row)) ? read(row) : null,
                scope.namespace()));
  }

  @Override
  public void delete(Scope scope, ContainerId id) {
    database.write(
        scope.durability(),
        t -> {
          t.makesRoom();
          t.mayLeaveGarbage();
          if (t.sql()
                  .update(
                      "DELETE FROM containers WHERE namespace = ? AND id = ?",
                      scope.namespace(),
                      id)
              == 0) {
            required(t.sql(), scope.namespace(), id);
          }
          t.happened(scope.namespace(), new Event.ContainerDelete(id.value()));
          return true;
        });
  }
}
