package org.felucca.metadata;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** The labels by which clients of containerd say what is kept and who needs what. */
final class GcLabels {

  private static final Logger LOG = Logger.getLogger(GcLabels.class.getName());

  static final String PREFIX = "containerd.io/gc.";
  private static final String ROOT = PREFIX + "root";
  private static final String EXPIRE = PREFIX + "expire";
  private static final String FLAT = PREFIX + "flat";
  private static final String REFERENCE = PREFIX + "ref.";
  private static final String BACK_REFERENCE = PREFIX + "bref.";

  private GcLabels() {}

  /** Whether a lease is to keep no more than it names. */
  static boolean isFlat(Map<String, String> labels) {
    return labels.containsKey(FLAT);
  }

  /** The label that keeps a blob or a snapshot for its own sake. */
  static Optional<String> root(Map<String, String> labels) {
    return labels.keySet().stream().filter(key -> key.startsWith(ROOT)).findFirst();
  }

  /** When it expires; null if never, or if that is not understood. */
  static @Nullable Instant expiry(Map<String, String> labels, String what) {
    String text = labels.get(EXPIRE);
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

  /** What is told of the edges that labels make. */
  @FunctionalInterface
  interface Edges {
    void add(Node from, Node to, String label);
  }

  /** Tells the edges that the labels of a thing make, to it and from it. */
  static void edges(Node node, Map<String, String> labels, Edges edges) {
    labels.forEach(
        (key, value) -> {
          if (key.startsWith(REFERENCE)) {
            Node to = named(node.namespace(), key.substring(REFERENCE.length()), value);
            if (to != null) {
              edges.add(node, to, key);
            }
          } else if (key.startsWith(BACK_REFERENCE)) {
            Node from = named(node.namespace(), key.substring(BACK_REFERENCE.length()), value);
            if (from != null) {
              edges.add(from, node, key);
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
      return Node.snapshot(
          namespace, slash < 0 ? snapshotter : snapshotter.substring(0, slash), value);
    }
    int end = 0;
    while (end < what.length() && what.charAt(end) != '.' && what.charAt(end) != '/') {
      end++;
    }
    return switch (what.substring(0, end)) {
      case "content" -> new Node(Node.Type.CONTENT, namespace, value);
      case "image" -> new Node(Node.Type.IMAGE, namespace, value);
      case "container" -> new Node(Node.Type.CONTAINER, namespace, value);
      default -> null;
    };
  }
}
