package org.felucca.metadata;

import org.felucca.api.Namespace;
import org.felucca.api.gc.Thing;

/**
 * A thing in the graph of references.
 *
 * @param key digest, {@code snapshotter/name}, name, id or reference
 */
record Node(Type type, String namespace, String key) {

  /** The kinds of things. */
  enum Type {
    CONTENT(Thing.Kind.BLOB),
    SNAPSHOT(Thing.Kind.SNAPSHOT),
    IMAGE(Thing.Kind.IMAGE),
    CONTAINER(Thing.Kind.CONTAINER),
    SANDBOX(Thing.Kind.SANDBOX),
    INGEST(Thing.Kind.INGEST),
    LEASE(Thing.Kind.LEASE);

    private final Thing.Kind kind;

    Type(Thing.Kind kind) {
      this.kind = kind;
    }
  }

  static Node snapshot(String namespace, String snapshotter, String name) {
    return new Node(Type.SNAPSHOT, namespace, snapshotter + "/" + name);
  }

  /** Of a snapshot. */
  String snapshotter() {
    return type == Type.SNAPSHOT ? key.substring(0, key.indexOf('/')) : "";
  }

  /** The key, of a snapshot without its snapshotter. */
  String name() {
    return type == Type.SNAPSHOT ? key.substring(key.indexOf('/') + 1) : key;
  }

  Thing thing() {
    return new Thing(type.kind, new Namespace(namespace), name(), snapshotter());
  }
}
