package org.felucca.metadata;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Namespace;

/** The things of a namespace that have a name, by the whole of it or by a beginning. */
final class NamedThings {

  private static final int MOST_TOLD = 5;
  private static final int SHORTEST_BEGINNING = 4;

  private NamedThings() {}

  /**
   * Finds them: those of this name, of whatever kind, or else the one whose digest, key or id
   * begins so.
   *
   * @throws EngineException NOT_FOUND, INVALID_ARGUMENT for the beginning of several
   */
  static List<Node> find(Sql sql, Namespace namespace, String name) {
    List<Node> found = named(sql, namespace, name);
    if (found.isEmpty() && name.length() >= SHORTEST_BEGINNING) {
      found = beginning(sql, namespace, name);
      List<String> names = found.stream().map(Node::name).distinct().toList();
      if (names.size() > 1) {
        throw EngineException.invalid(
            "%s is the beginning of several names in namespace %s: %s"
                .formatted(
                    Identifiers.quote(name),
                    namespace,
                    names.stream().limit(MOST_TOLD).collect(Collectors.joining(", "))));
      }
    }
    if (found.isEmpty()) {
      throw EngineException.notFound(
          "nothing in namespace %s is called %s: no blob, snapshot, image, container, lease, ingest or sandbox"
              .formatted(namespace, Identifiers.quote(name)));
    }
    return found;
  }

  private static List<Node> named(Sql sql, Namespace namespace, String name) {
    List<Node> found = new ArrayList<>();
    plain(
        sql,
        found,
        Node.Type.IMAGE,
        "SELECT name FROM images WHERE namespace = ? AND name = ?",
        namespace,
        name);
    found.addAll(
        sql.all(
            "SELECT id FROM containers WHERE namespace = ? AND (id = ? OR called = ?)",
            row -> new Node(Node.Type.CONTAINER, namespace.value(), row.getString(1)),
            namespace,
            name,
            name));
    plain(
        sql,
        found,
        Node.Type.CONTENT,
        "SELECT digest FROM content WHERE namespace = ? AND digest = ?",
        namespace,
        name);
    found.addAll(
        sql.all(
            "SELECT snapshotter, name FROM snapshots WHERE namespace = ? AND name = ? AND ready = 1",
            row -> Node.snapshot(namespace.value(), row.getString(1), row.getString(2)),
            namespace,
            name));
    plain(
        sql,
        found,
        Node.Type.LEASE,
        "SELECT id FROM leases WHERE namespace = ? AND id = ?",
        namespace,
        name);
    plain(
        sql,
        found,
        Node.Type.INGEST,
        "SELECT ref FROM ingests WHERE namespace = ? AND ref = ?",
        namespace,
        name);
    plain(
        sql,
        found,
        Node.Type.SANDBOX,
        "SELECT id FROM sandboxes WHERE namespace = ? AND id = ?",
        namespace,
        name);
    return found;
  }

  private static void plain(
      Sql sql, List<Node> found, Node.Type type, String query, Namespace namespace, String name) {
    found.addAll(
        sql.all(
            query, row -> new Node(type, namespace.value(), row.getString(1)), namespace, name));
  }

  /** With or without the algorithm of a digest before it. */
  private static List<Node> beginning(Sql sql, Namespace namespace, String name) {
    String digest = name.contains(":") ? name : "sha256:" + name;
    List<Node> found = new ArrayList<>();
    found.addAll(
        sql.all(
            "SELECT digest FROM content WHERE namespace = ? AND substr(digest, 1, length(?)) = ?",
            row -> new Node(Node.Type.CONTENT, namespace.value(), row.getString(1)),
            namespace,
            digest,
            digest));
    found.addAll(
        sql.all(
            "SELECT snapshotter, name FROM snapshots WHERE namespace = ? AND ready = 1"
                + " AND (substr(name, 1, length(?)) = ? OR substr(name, 1, length(?)) = ?)",
            row -> Node.snapshot(namespace.value(), row.getString(1), row.getString(2)),
            namespace,
            digest,
            digest,
            name,
            name));
    for (Node.Type type : List.of(Node.Type.CONTAINER, Node.Type.LEASE, Node.Type.SANDBOX)) {
      String table =
          switch (type) {
            case CONTAINER -> "containers";
            case LEASE -> "leases";
            default -> "sandboxes";
          };
      found.addAll(
          sql.all(
              "SELECT id FROM " + table + " WHERE namespace = ? AND substr(id, 1, length(?)) = ?",
              row -> new Node(type, namespace.value(), row.getString(1)),
              namespace,
              name,
              name));
    }
    return found;
  }
}
