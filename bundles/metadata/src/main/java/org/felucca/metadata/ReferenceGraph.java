package org.felucca.metadata;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Who refers to whom, as containerd's labels say it, read in one transaction: {@code
 * containerd.io/gc.ref.*} point from a thing to what it needs, {@code gc.bref.*} from a thing to
 * what needs it, {@code gc.root} and {@code gc.expire} keep a thing, {@code gc.flat} has a lease
 * keep no more than it names. A record that can't be read fails the reading: nothing is collected
 * on a guess.
 */
final class ReferenceGraph {

  private static final Logger LOG = Logger.getLogger(ReferenceGraph.class.getName());

  /** The kinds of things. */
  enum Type {
    CONTENT,
    SNAPSHOT,
    IMAGE,
    CONTAINER,
    INGEST
  }

  /**
   * A thing.
   *
   * @param key digest, {@code snapshotter/name}, name, id or reference
   */
  record Node(Type type, String namespace, String key) {}

  /**
   * A thing of which only it itself (and for snapshots its parents) is kept, or with all that it
   * refers to.
   */
  private record Visit(Node node, boolean flat) {}

  /**
   * What may be collected, and how its files are found.
   *
   * @param nextExpiry when something of the rest expires, or null
   */
  record Garbage(
      List<Node> content,
      List<Node> images,
      List<Snapshot> snapshots,
      Map<Node, String> ingests,
      List<LeaseKey> leases,
      @Nullable Instant nextExpiry) {
    boolean isEmpty() {
      return content.isEmpty()
          && images.isEmpty()
          && snapshots.isEmpty()
          && ingests.isEmpty()
          && leases.isEmpty();
    }
  }

  /**
   * A snapshot.
   *
   * @param number its id
   */
  record Snapshot(long number, String namespace, String snapshotter, String name) {}

  /** A lease. */
  record LeaseKey(String namespace, String id) {}

  private static final String GC = "containerd.io/gc.";

  private final Instant now;
  private final Map<Node, List<Node>> references = new HashMap<>();
  private final Map<Node, Node> parents = new HashMap<>();
  private final Map<Node, Node> targets = new HashMap<>();
  private final Deque<Visit> pending = new ArrayDeque<>();
  private final Set<Node> content = new HashSet<>();
  private final Set<Node> expiredImages = new HashSet<>();
  private final Map<Node, Long> snapshots = new HashMap<>();
  private final Map<Node, String> ingests = new HashMap<>();
  private final List<LeaseKey> expiredLeases = new ArrayList<>();
  private @Nullable Instant nextExpiry;

  private ReferenceGraph(Instant now) {
    this.now = now;
  }

  /** What nothing keeps at this time. */
  static Garbage garbage(Sql sql, Instant now) {
    ReferenceGraph graph = new ReferenceGraph(now);
    graph.readLeases(sql);
    graph.readImages(sql);
    graph.readContent(sql);
    graph.readSnapshots(sql);
    graph.readContainers(sql);
    graph.readIngests(sql);
    return graph.sweep();
  }

  private void root(Node node) {
    pending.add(new Visit(node, false));
  }

  private void refer(Node from, Node to) {
    references.computeIfAbsent(from, n -> new ArrayList<>()).add(to);
  }

  private void readLeases(Sql sql) {
    Map<LeaseKey, Boolean> flat = new HashMap<>();
    sql.all(
        "SELECT namespace, id, labels FROM leases",
        row -> {
          LeaseKey lease = new LeaseKey(row.getString(1), row.getString(2));
          Map<String, String> labels = Columns.map(row.getString(3), "lease " + lease.id());
          Instant expires = noted(expiry(labels, "lease " + lease.id()));
          if (expires != null && expires.isBefore(now)) {
            expiredLeases.add(lease);
          } else {
            flat.put(lease, labels.containsKey(GC + "flat"));
          }
          return true;
        });
    sql.all(
        "SELECT namespace, lease, type, id FROM leased",
        row -> {
          Boolean isFlat = flat.get(new LeaseKey(row.getString(1), row.getString(2)));
          if (isFlat != null) {
            Node node = leased(row.getString(1), row.getString(3), row.getString(4));
            if (node != null) {
              pending.add(new Visit(node, isFlat));
            }
          }
          return true;
        });
  }

  private static @Nullable Node leased(String namespace, String type, String id) {
    return switch (type) {
      case LeasedRows.CONTENT -> new Node(Type.CONTENT, namespace, id);
      case LeasedRows.IMAGES -> new Node(Type.IMAGE, namespace, id);
      case LeasedRows.INGESTS -> new Node(Type.INGEST, namespace, id);
      default ->
          type.startsWith(LeasedRows.SNAPSHOTS)
              ? new Node(
                  Type.SNAPSHOT,
                  namespace,
                  type.substring(LeasedRows.SNAPSHOTS.length()) + "/" + id)
              : null;
    };
  }

  private void readImages(Sql sql) {
    sql.all(
        "SELECT namespace, name, digest, labels FROM images",
        row -> {
          Node image = new Node(Type.IMAGE, row.getString(1), row.getString(2));
          Map<String, String> labels = Columns.map(row.getString(4), "image " + image.key());
          targets.put(image, new Node(Type.CONTENT, image.namespace(), row.getString(3)));
          readLabels(image, labels);
          Instant expires = noted(expiry(labels, "image " + image.key()));
          if (expires != null && expires.isBefore(now)) {
            expiredImages.add(image);
          } else {
            root(image);
          }
          return true;
        });
  }

  private void readContent(Sql sql) {
    sql.all(
        "SELECT namespace, digest, labels FROM content",
        row -> {
          Node blob = new Node(Type.CONTENT, row.getString(1), row.getString(2));
          content.add(blob);
          readKept(blob, Columns.map(row.getString(3), "blob " + blob.key()));
          return true;
        });
  }

  private void readSnapshots(Sql sql) {
    sql.all(
        "SELECT s.namespace, s.snapshotter || '/' || s.name, s.labels, s.id, s.ready,"
            + " p.snapshotter || '/' || p.name FROM snapshots s LEFT JOIN snapshots p ON p.id = s.parent",
        row -> {
          Node snapshot = new Node(Type.SNAPSHOT, row.getString(1), row.getString(2));
          snapshots.put(snapshot, row.getLong(4));
          readKept(snapshot, Columns.map(row.getString(3), "snapshot " + snapshot.key()));
          String parent = row.getString(6);
          if (parent != null) {
            parents.put(snapshot, new Node(Type.SNAPSHOT, snapshot.namespace(), parent));
          }
          if (row.getInt(5) == 0) {
            root(snapshot);
          }
          return true;
        });
  }

  private void readContainers(Sql sql) {
    sql.all(
        "SELECT namespace, id, labels, snapshotter, snapshot_key FROM containers",
        row -> {
          Node container = new Node(Type.CONTAINER, row.getString(1), row.getString(2));
          readLabels(container, Columns.map(row.getString(3), "container " + container.key()));
          if (!row.getString(4).isEmpty() && !row.getString(5).isEmpty()) {
            refer(
                container,
                new Node(
                    Type.SNAPSHOT,
                    container.namespace(),
                    row.getString(4) + "/" + row.getString(5)));
          }
          root(container);
          return true;
        });
  }

  private void readIngests(Sql sql) {
    sql.all(
        "SELECT namespace, ref, backing, shared, expires FROM ingests",
        row -> {
          Node ingest = new Node(Type.INGEST, row.getString(1), row.getString(2));
          ingests.put(ingest, row.getString(3));
          String shared = row.getString(4);
          if (shared != null) {
            refer(ingest, new Node(Type.CONTENT, ingest.namespace(), shared));
          }
          long expires = row.getLong(5);
          if (!row.wasNull() && Columns.time(expires).isAfter(now)) {
            root(ingest);
          }
          return true;
        });
  }

  private void readKept(Node node, Map<String, String> labels) {
    readLabels(node, labels);
    Instant expires = noted(expiry(labels, node.key()));
    if (labels.keySet().stream().anyMatch(key -> key.startsWith(GC + "root"))
        || (expires != null && expires.isAfter(now))) {
      root(node);
    }
  }

  private void readLabels(Node node, Map<String, String> labels) {
    labels.forEach(
        (key, value) -> {
          if (key.startsWith(GC + "ref.")) {
            Node to = named(node.namespace(), key.substring(GC.length() + 4), value);
            if (to != null) {
              refer(node, to);
            }
          } else if (key.startsWith(GC + "bref.")) {
            Node from = named(node.namespace(), key.substring(GC.length() + 5), value);
            if (from != null) {
              refer(from, node);
            }
          }
        });
  }

  /**
   * What a label names: {@code content.config}, {@code image/x}, {@code snapshot.overlayfs/y} and
   * so on.
   */
  private static @Nullable Node named(String namespace, String what, String value) {
    if (what.startsWith("snapshot.")) {
      String snapshotter = what.substring("snapshot.".length());
      int slash = snapshotter.indexOf('/');
      return new Node(
          Type.SNAPSHOT,
          namespace,
          (slash < 0 ? snapshotter : snapshotter.substring(0, slash)) + "/" + value);
    }
    int end = 0;
    while (end < what.length() && what.charAt(end) != '.' && what.charAt(end) != '/') {
      end++;
    }
    return switch (what.substring(0, end)) {
      case "content" -> new Node(Type.CONTENT, namespace, value);
      case "image" -> new Node(Type.IMAGE, namespace, value);
      case "container" -> new Node(Type.CONTAINER, namespace, value);
      default -> null;
    };
  }

  /** Remembers the first time that is to come. */
  private @Nullable Instant noted(@Nullable Instant expires) {
    if (expires != null
        && expires.isAfter(now)
        && (nextExpiry == null || expires.isBefore(nextExpiry))) {
      nextExpiry = expires;
    }
    return expires;
  }

  static @Nullable Instant expiry(Map<String, String> labels, String what) {
    String text = labels.get(GC + "expire");
    if (text == null) {
      return null;
    }
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException e) {
      LOG.log(
          Level.WARNING,
          "expiry not understood, so never of={0} value={1}",
          new Object[] {what, text});
      return null;
    }
  }

  private Garbage sweep() {
    Set<Node> alive = new HashSet<>();
    Set<Node> whole = new HashSet<>();
    while (!pending.isEmpty()) {
      Visit visit = pending.removeLast();
      Node node = visit.node();
      if (visit.flat() ? !alive.add(node) : !whole.add(node)) {
        continue;
      }
      alive.add(node);
      Node parent = parents.get(node);
      if (parent != null) {
        pending.add(new Visit(parent, visit.flat()));
      }
      Node target = targets.get(node);
      if (target != null) {
        pending.add(new Visit(target, visit.flat()));
      }
      if (!visit.flat()) {
        references.getOrDefault(node, List.of()).forEach(this::root);
      }
    }
    content.removeAll(alive);
    expiredImages.removeAll(alive);
    snapshots.keySet().removeAll(alive);
    ingests.keySet().removeAll(alive);
    // A child's number is greater than its parent's, which was committed before the child was made.
    List<Snapshot> childrenFirst =
        snapshots.entrySet().stream()
            .map(e -> snapshot(e.getValue(), e.getKey()))
            .sorted(Comparator.comparingLong(Snapshot::number).reversed())
            .toList();
    return new Garbage(
        List.copyOf(content),
        List.copyOf(expiredImages),
        childrenFirst,
        ingests,
        expiredLeases,
        nextExpiry);
  }

  private static Snapshot snapshot(long number, Node node) {
    int slash = node.key().indexOf('/');
    return new Snapshot(
        number, node.namespace(), node.key().substring(0, slash), node.key().substring(slash + 1));
  }
}
