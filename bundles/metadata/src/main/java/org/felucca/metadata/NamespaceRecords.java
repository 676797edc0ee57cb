package org.felucca.metadata;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.event.Event;
import org.felucca.api.namespace.NamespaceStore;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The records of namespaces. */
@Component
public final class NamespaceRecords implements NamespaceStore {

  /** What a namespace may hold: table and word. */
  private static final Map<String, String> CONTENTS = new LinkedHashMap<>();

  static {
    CONTENTS.put("containers", "container");
    CONTENTS.put("sandboxes", "sandbox");
    CONTENTS.put("images", "image");
    CONTENTS.put("snapshots", "snapshot");
    CONTENTS.put("content", "blob");
    CONTENTS.put("leases", "lease");
    CONTENTS.put("ingests", "ingest");
  }

  private final Database database;

  @Activate
  public NamespaceRecords(@Reference Database database) {
    this.database = database;
  }

  /** Makes the namespace of a record if there is none. */
  static void ensure(Transaction t, Namespace namespace) {
    t.sql().update("INSERT OR IGNORE INTO namespaces VALUES (?, '{}')", namespace);
  }

  @Override
  public void create(Namespace namespace, Map<String, String> labels) {
    Map<String, String> kept = Labels.checked(labels);
    database.write(
        Durability.POWER_LOSS,
        t -> {
          if (labels(t.sql(), namespace) != null) {
            throw EngineException.alreadyExists("namespace " + namespace + " exists already");
          }
          t.sql().update("INSERT INTO namespaces VALUES (?, ?)", namespace, Columns.write(kept));
          t.happened(namespace, new Event.NamespaceCreate(namespace.value(), kept));
          return true;
        });
  }

  @Override
  public Map<String, String> labels(Namespace namespace) {
    return database.read(sql -> required(sql, namespace));
  }

  private static Map<String, String> required(Sql sql, Namespace namespace) {
    Map<String, String> labels = labels(sql, namespace);
    if (labels == null) {
      throw EngineException.notFound("namespace " + namespace + " does not exist");
    }
    return labels;
  }

  private static @Nullable Map<String, String> labels(Sql sql, Namespace namespace) {
    return sql.first(
        "SELECT labels FROM namespaces WHERE name = ?",
        row -> Columns.map(row.getString(1), "namespace " + namespace),
        namespace);
  }

  @Override
  public Map<String, String> update(
      Namespace namespace, Map<String, String> labels, Set<String> paths) {
    return database.write(
        Durability.POWER_LOSS,
        t -> {
          Map<String, String> after =
              Labels.changed("namespace " + namespace, required(t.sql(), namespace), labels, paths);
          t.sql()
              .update(
                  "UPDATE namespaces SET labels = ? WHERE name = ?",
                  Columns.write(after),
                  namespace);
          t.happened(namespace, new Event.NamespaceUpdate(namespace.value(), after));
          return after;
        });
  }

  @Override
  public List<Namespace> list() {
    return database.read(
        sql ->
            sql.readable(
                "SELECT name FROM namespaces ORDER BY name",
                row -> {
                  try {
                    return new Namespace(row.getString(1));
                  } catch (EngineException e) {
                    throw new Sql.BadRecord(String.valueOf(e.getMessage()), e);
                  }
                }));
  }

  @Override
  public void delete(Namespace namespace) {
    database.write(
        Durability.POWER_LOSS,
        t -> {
          required(t.sql(), namespace);
          String left =
              CONTENTS.entrySet().stream()
                  .map(e -> count(t.sql(), e.getKey(), e.getValue(), namespace))
                  .filter(text -> !text.isEmpty())
                  .collect(Collectors.joining(", "));
          if (!left.isEmpty()) {
            throw EngineException.precondition(
                "namespace %s still holds %s; remove them first".formatted(namespace, left));
          }
          t.sql().update("DELETE FROM namespaces WHERE name = ?", namespace);
          t.happened(namespace, new Event.NamespaceDelete(namespace.value()));
          return true;
        });
  }

  private static String count(Sql sql, String table, String word, Namespace namespace) {
    long count = sql.number("SELECT count(*) FROM " + table + " WHERE namespace = ?", namespace);
    return count == 0
        ? ""
        : count + " " + (count == 1 ? word : word.endsWith("x") ? word + "es" : word + "s");
  }
}
