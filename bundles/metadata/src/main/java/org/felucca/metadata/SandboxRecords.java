package org.felucca.metadata;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.sandbox.Sandbox;
import org.felucca.api.sandbox.SandboxStore;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filters;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The records of sandboxes. */
@Component
public final class SandboxRecords implements SandboxStore {
  private static final String ALL =
      "SELECT id, labels, runtime, sandboxer, created, updated, extensions, options_type, options,"
          + " spec_type, spec FROM sandboxes WHERE namespace = ?";

  private final Database database;

  @Activate
  public SandboxRecords(@Reference Database database) {
    this.database = database;
  }

  private static Sandbox read(ResultSet row) throws SQLException {
    String id = row.getString(1);
    String record = "sandbox " + id;
    try {
      return new Sandbox(
          id,
          Columns.map(row.getString(2), record),
          row.getString(3),
          ContainerRecords.typed(row, 8),
          ContainerRecords.typed(row, 10),
          row.getString(4),
          Columns.time(row.getLong(5)),
          Columns.time(row.getLong(6)),
          Columns.typed(row.getString(7), record));
    } catch (EngineException e) {
      throw new Sql.BadRecord(String.valueOf(e.getMessage()), e);
    }
  }

  private static Fields fields(Sandbox sandbox) {
    return path ->
        switch (path.getFirst()) {
          case "id" -> Optional.of(sandbox.id());
          case "labels" -> Fields.inMap(sandbox.labels(), path);
          default -> Optional.empty();
        };
  }

  private static Sandbox required(Sql sql, Namespace namespace, String id) {
    Sandbox found = sql.first(ALL + " AND id = ?", SandboxRecords::read, namespace, id);
    if (found == null) {
      throw EngineException.notFound(
          "sandbox %s does not exist in namespace %s".formatted(id, namespace));
    }
    return found;
  }

  @Override
  public Sandbox create(Scope scope, Sandbox sandbox) {
    Instant now = Instant.now();
    Sandbox made =
        new Sandbox(
            sandbox.id(),
            Labels.checked(sandbox.labels()),
            sandbox.runtime(),
            sandbox.runtimeOptions(),
            sandbox.spec(),
            sandbox.sandboxer(),
            now,
            now,
            sandbox.extensions());
    return database.write(
        scope.durability(),
        t -> {
          NamespaceRecords.ensure(t, scope.namespace());
          if (t.sql().first(ALL + " AND id = ?", row -> true, scope.namespace(), made.id())
              != null) {
            throw EngineException.alreadyExists(
                "sandbox %s exists already in namespace %s"
                    .formatted(made.id(), scope.namespace()));
          }
          write(t.sql(), scope.namespace(), made);
          return made;
        });
  }

  private static void write(Sql sql, Namespace namespace, Sandbox sandbox) {
    TypedBytes options = sandbox.runtimeOptions();
    TypedBytes spec = sandbox.spec();
    sql.update(
        "INSERT OR REPLACE INTO sandboxes (namespace, id, labels, runtime, sandboxer, created,"
            + " updated, extensions, options_type, options, spec_type, spec)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        namespace,
        sandbox.id(),
        Columns.write(sandbox.labels()),
        sandbox.runtime(),
        sandbox.sandboxer(),
        Columns.write(sandbox.createdAt()),
        Columns.write(sandbox.updatedAt()),
        Columns.writeTyped(sandbox.extensions()),
        options == null ? null : options.typeUrl(),
        options == null ? null : options.value(),
        spec == null ? null : spec.typeUrl(),
        spec == null ? null : spec.value());
  }

  @Override
  public Sandbox update(Scope scope, Sandbox sandbox, Set<String> paths) {
    return database.write(
        scope.durability(),
        t -> {
          Sandbox after =
              changed(required(t.sql(), scope.namespace(), sandbox.id()), sandbox, paths);
          write(t.sql(), scope.namespace(), after);
          return after;
        });
  }

  private static Sandbox changed(Sandbox before, Sandbox given, Set<String> paths) {
    Set<String> all = paths;
    if (paths.isEmpty()) {
      if (!given.runtime().equals(before.runtime())) {
        throw EngineException.invalid(
            "changing sandbox %s: the name of its runtime can't be changed".formatted(before.id()));
      }
      all = Set.of("labels", "extensions", "spec", "runtime");
    }
    Map<String, String> labels = before.labels();
    Map<String, TypedBytes> extensions = before.extensions();
    TypedBytes spec = before.spec();
    Sandbox runtime = before;
    for (String path : all) {
      if (Labels.isLabelPath(path)) {
        labels = Labels.masked(labels, given.labels(), path);
      } else if (path.startsWith("extensions.")) {
        extensions = ContainerRecords.extended(extensions, given.extensions(), path.substring(11));
      } else {
        switch (path) {
          case "extensions" -> extensions = given.extensions();
          case "spec" -> spec = given.spec();
          case "runtime" -> runtime = given;
          default ->
              throw Labels.unknownPath(
                  "sandbox " + before.id(),
                  path,
                  "labels, labels.<key>, extensions, extensions.<key>, spec and runtime");
        }
      }
    }
    return new Sandbox(
        before.id(),
        Labels.checked(labels),
        runtime.runtime(),
        runtime.runtimeOptions(),
        spec,
        before.sandboxer(),
        before.createdAt(),
        Instant.now(),
        extensions);
  }

  @Override
  public Sandbox get(Scope scope, String id) {
    return database.read(sql -> required(sql, scope.namespace(), id));
  }

  @Override
  public List<Sandbox> list(Scope scope, List<String> filters) {
    Predicate<Fields> filter = Filters.parseAll(filters);
    return database.read(
        sql ->
            sql.readable(
                ALL + " ORDER BY id",
                row -> {
                  Sandbox sandbox = read(row);
                  return filter.test(fields(sandbox)) ? sandbox : null;
                },
                scope.namespace()));
  }

  @Override
  public void delete(Scope scope, String id) {
    database.write(
        scope.durability(),
        t -> {
          t.makesRoom();
          t.mayLeaveGarbage();
          if (t.sql()
                  .update(
                      "DELETE FROM sandboxes WHERE namespace = ? AND id = ?", scope.namespace(), id)
              == 0) {
            required(t.sql(), scope.namespace(), id);
          }
          return true;
        });
  }
}
