package org.felucca.metadata;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who refers to whom, as records and containerd's labels say it, read in one transaction: {@code
 * containerd.io/gc.ref.*} point from a thing to what it needs, {@code gc.bref.*} from a thing to
 * what needs it, {@code gc.root} and {@code gc.expire} keep a thing, {@code gc.flat} has a lease
 * keep no more than it names. A record that can't be read fails the reading: nothing is collected
 * on a guess.
 */
final class ReferenceGraph {

  /**
   * That a thing needs another.
   *
   * @param by what says so, for people
   * @param structural whether it is in the nature of the thing: so also behind a flat edge
   * @param flat whether only what is structural counts behind it
   */
  record Edge(Node to, String by, boolean structural, boolean flat) {}

  /**
   * A thing that is kept for its own sake.
   *
   * @param by the label or the time that keeps it; empty if it is what it is
   * @param until when it lets go by itself, or null
   */
  record Root(Node node, String by, @Nullable Instant until) {}

  /** A thing of which all that it needs is kept, or only what is structural. */
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
      List<Node> leases,
      @Nullable Instant nextExpiry) {
    boolean isEmpty() {
      return size() == 0;
    }

    int size() {
      return content.size() + images.size() + snapshots.size() + ingests.size() + leases.size();
    }

    /**
     * A part of it that may go before the rest: no snapshot goes before those that stand on it.
     *
     * @param most of how many things at most
     */
    Garbage part(int most) {
      int left = most;
      List<Node> someLeases = leases.subList(0, Math.min(left, leases.size()));
      left -= someLeases.size();
      List<Node> someImages = images.subList(0, Math.min(left, images.size()));
      left -= someImages.size();
      List<Snapshot> someSnapshots = snapshots.subList(0, Math.min(left, snapshots.size()));
      left -= someSnapshots.size();
      Map<Node, String> someIngests = new HashMap<>();
      for (Map.Entry<Node, String> ingest : ingests.entrySet()) {
        if (left > 0) {
          someIngests.put(ingest.getKey(), ingest.getValue());
          left--;
        }
      }
      List<Node> someContent = content.subList(0, Math.min(left, content.size()));
      return new Garbage(
          someContent, someImages, someSnapshots, someIngests, someLeases, nextExpiry);
    }
  }

  /**
   * A snapshot.
   *
   * @param number its id
   */
  record Snapshot(long number, Node node) {}

  private final Instant now;
  private final Map<Node, List<Edge>> edges = new HashMap<>();
  private final List<Root> roots = new ArrayList<>();
  private final Set<Node> content = new HashSet<>();
  private final Set<Node> expiredImages = new HashSet<>();
  private final Map<Node, Long> snapshots = new HashMap<>();
  private final Map<Node, String> ingests = new HashMap<>();
  private final List<Node> expiredLeases = new ArrayList<>();
  private @Nullable Instant nextExpiry;

  private ReferenceGraph(Instant now) {
    this.now = now;
  }

  /** What the records say at this time. */
  static ReferenceGraph read(Sql sql, Instant now) {
    ReferenceGraph graph = new ReferenceGraph(now);
    graph.readLeases(sql);
    graph.readImages(sql);
    graph.readContent(sql);
    graph.readSnapshots(sql);
    graph.readContainers(sql);
    graph.readSandboxes(sql);
    graph.readIngests(sql);
    return graph;
  }

  /** What nothing keeps at this time. */
  static Garbage garbage(Sql sql, Instant now) {
    return read(sql, now).garbage();
  }

  List<Root> roots() {
    return Collections.unmodifiableList(roots);
  }

  Map<Node, List<Edge>> edges() {
    return Collections.unmodifiableMap(edges);
  }

  private void root(Node node, String by, @Nullable Instant until) {
    roots.add(new Root(node, by, until));
  }

  private void edge(Node from, Edge edge) {
    edges.computeIfAbsent(from, n -> new ArrayList<>(1)).add(edge);
  }

  private void structural(Node from, Node to, String by) {
    edge(from, new Edge(to, by, true, false));
  }

  private void readLabels(Node node, Map<String, String> labels) {
    GcLabels.edges(
        node,
        labels,
        (from, to, label) -> edge(from, new Edge(to, "label " + label, false, false)));
  }

  private void readLeases(Sql sql) {
    Map<Node, Boolean> flat = new HashMap<>();
    sql.all(
        "SELECT namespace, id, labels FROM leases",
        row -> {
          Node lease = new Node(Node.Type.LEASE, row.getString(1), row.getString(2));
          Map<String, String> labels = Columns.map(row.getString(3), "lease " + lease.key());
          Instant expires = noted(GcLabels.expiry(labels, "lease " + lease.key()));
          if (expires != null && expires.isBefore(now)) {
            expiredLeases.add(lease);
          } else {
            root(lease, until(expires), expires);
            flat.put(lease, GcLabels.isFlat(labels));
          }
          return true;
        });
    sql.all(
        "SELECT namespace, lease, type, id FROM leased",
        row -> {
          Node lease = new Node(Node.Type.LEASE, row.getString(1), row.getString(2));
          Boolean isFlat = flat.get(lease);
          if (isFlat != null) {
            Node node = leased(row.getString(1), row.getString(3), row.getString(4));
            if (node != null) {
              boolean only = isFlat && node.type() != Node.Type.INGEST;
              edge(lease, new Edge(node, only ? "leased, it alone" : "leased", true, only));
            }
          }
          return true;
        });
  }

  private static String until(@Nullable Instant expires) {
    return expires == null ? "" : "until " + expires;
  }

  private static @Nullable Node leased(String namespace, String type, String id) {
    return switch (type) {
      case LeasedRows.CONTENT -> new Node(Node.Type.CONTENT, namespace, id);
      case LeasedRows.IMAGES -> new Node(Node.Type.IMAGE, namespace, id);
      case LeasedRows.INGESTS -> new Node(Node.Type.INGEST, namespace, id);
      default ->
          type.startsWith(LeasedRows.SNAPSHOTS)
              ? Node.snapshot(namespace, type.substring(LeasedRows.SNAPSHOTS.length()), id)
              : null;
    };
  }

  private void readImages(Sql sql) {
    sql.all(
        "SELECT namespace, name, digest, labels FROM images",
        row -> {
          Node image = new Node(Node.Type.IMAGE, row.getString(1), row.getString(2));
          Map<String, String> labels = Columns.map(row.getString(4), "image " + image.key());
          structural(
              image, new Node(Node.Type.CONTENT, image.namespace(), row.getString(3)), "target");
          readLabels(image, labels);
          Instant expires = noted(GcLabels.expiry(labels, "image " + image.key()));
          if (expires != null && expires.isBefore(now)) {
            expiredImages.add(image);
          } else {
            root(image, until(expires), expires);
          }
          return true;
        });
  }

  private void readContent(Sql sql) {
    sql.all(
        "SELECT namespace, digest, labels FROM content",
        row -> {
          Node blob = new Node(Node.Type.CONTENT, row.getString(1), row.getString(2));
          content.add(blob);
          readKept(blob, Columns.map(row.getString(3), "blob " + blob.key()));
          return true;
        });
  }

  private void readSnapshots(Sql sql) {
    sql.all(
        "SELECT s.namespace, s.snapshotter, s.name, s.labels, s.id, s.ready, p.name"
            + " FROM snapshots s LEFT JOIN snapshots p ON p.id = s.parent",
        row -> {
          Node snapshot = Node.snapshot(row.getString(1), row.getString(2), row.getString(3));
          snapshots.put(snapshot, row.getLong(5));
          readKept(snapshot, Columns.map(row.getString(4), "snapshot " + snapshot.key()));
          String parent = row.getString(7);
          if (parent != null) {
            structural(
                snapshot, Node.snapshot(snapshot.namespace(), row.getString(2), parent), "parent");
          }
          if (row.getInt(6) == 0) {
            root(snapshot, "it is being made", null);
          }
          return true;
        });
  }

  private void readContainers(Sql sql) {
    sql.all(
        "SELECT namespace, id, labels, snapshotter, snapshot_key FROM containers",
        row -> {
          Node container = new Node(Node.Type.CONTAINER, row.getString(1), row.getString(2));
          readLabels(container, Columns.map(row.getString(3), "container " + container.key()));
          if (!row.getString(4).isEmpty() && !row.getString(5).isEmpty()) {
            structural(
                container,
                Node.snapshot(container.namespace(), row.getString(4), row.getString(5)),
                "root file system");
          }
          root(container, "", null);
          return true;
        });
  }

  /** They need what their labels say; nothing can need them. */
  private void readSandboxes(Sql sql) {
    sql.all(
        "SELECT namespace, id, labels FROM sandboxes",
        row -> {
          Node sandbox = new Node(Node.Type.SANDBOX, row.getString(1), row.getString(2));
          readLabels(sandbox, Columns.map(row.getString(3), "sandbox " + sandbox.key()));
          root(sandbox, "", null);
          return true;
        });
  }

  private void readIngests(Sql sql) {
    sql.all(
        "SELECT namespace, ref, backing, shared, expires FROM ingests",
        row -> {
          Node ingest = new Node(Node.Type.INGEST, row.getString(1), row.getString(2));
          ingests.put(ingest, row.getString(3));
          String shared = row.getString(4);
          if (shared != null) {
            structural(ingest, new Node(Node.Type.CONTENT, ingest.namespace(), shared), "expected");
          }
          long nanos = row.getLong(5);
          if (!row.wasNull()) {
            Instant expires = Columns.time(nanos);
            if (expires.isAfter(now)) {
              noted(expires);
              root(ingest, until(expires), expires);
            }
          }
          return true;
        });
  }

  private void readKept(Node node, Map<String, String> labels) {
    readLabels(node, labels);
    GcLabels.root(labels).ifPresent(label -> root(node, "label " + label, null));
    Instant expires = noted(GcLabels.expiry(labels, node.key()));
    if (expires != null && expires.isAfter(now)) {
      root(node, until(expires), expires);
    }
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

  private Set<Node> alive() {
    Deque<Visit> pending = new ArrayDeque<>();
    roots.forEach(root -> pending.add(new Visit(root.node(), false)));
    Set<Node> alive = new HashSet<>();
    Set<Node> whole = new HashSet<>();
    while (!pending.isEmpty()) {
      Visit visit = pending.removeLast();
      Node node = visit.node();
      if (visit.flat() ? !alive.add(node) : !whole.add(node)) {
        continue;
      }
      alive.add(node);
      for (Edge edge : edges.getOrDefault(node, List.of())) {
        if (edge.structural() || !visit.flat()) {
          pending.add(new Visit(edge.to(), visit.flat() || edge.flat()));
        }
      }
    }
    return alive;
  }

  private Garbage garbage() {
    Set<Node> alive = alive();
    content.removeAll(alive);
    expiredImages.removeAll(alive);
    snapshots.keySet().removeAll(alive);
    ingests.keySet().removeAll(alive);
    // A child's number is greater than its parent's, which was committed before the child was made.
    List<Snapshot> childrenFirst =
        snapshots.entrySet().stream()
            .map(e -> new Snapshot(e.getValue(), e.getKey()))
            .sorted(Comparator.comparingLong(Snapshot::number).reversed())
            .toList();
    return new Garbage(
        List.copyOf(content),
        List.copyOf(expiredImages),
        childrenFirst,
        ingests,
        List.copyOf(expiredLeases),
        nextExpiry);
  }
}
