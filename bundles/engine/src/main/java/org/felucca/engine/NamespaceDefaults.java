package org.felucca.engine;

import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.namespace.NamespaceStore;
import org.felucca.api.snapshot.SnapshotService;
import org.jspecify.annotations.Nullable;

/**
 * What is meant when nothing is said: what the labels of the namespace say, as containerd's clients
 * read them, else the configuration.
 */
final class NamespaceDefaults {
  private static final String RUNTIME = "containerd.io/defaults/runtime";
  private static final String SNAPSHOTTER = "containerd.io/defaults/snapshotter";

  private final NamespaceStore namespaces;
  private final SnapshotService snapshots;
  private final String snapshotter;

  NamespaceDefaults(NamespaceStore namespaces, SnapshotService snapshots, String snapshotter) {
    this.namespaces = namespaces;
    this.snapshots = snapshots;
    this.snapshotter = snapshotter;
  }

  /**
   * A snapshotter that is there.
   *
   * @throws EngineException INVALID_ARGUMENT with who named it and which there are
   */
  String snapshotter(Scope scope, @Nullable String asked) {
    String name = asked;
    String who = "--snapshotter";
    if (name == null) {
      name = label(scope, SNAPSHOTTER);
      who = "the label %s of namespace %s".formatted(SNAPSHOTTER, scope.namespace());
    }
    if (name.isEmpty()) {
      name = snapshotter;
      who = "default.snapshotter in etc/org.felucca.engine.cfg";
    }
    if (snapshots.snapshotters().contains(name)) {
      return name;
    }
    try {
      // It may just be being replaced: this waits for it.
      snapshots.list(scope, name, List.of());
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.INVALID_ARGUMENT) {
        throw e;
      }
      throw EngineException.invalid(
          "%s names the snapshotter %s, which is not there; there are %s"
              .formatted(
                  who, Identifiers.quote(name), String.join(", ", snapshots.snapshotters())));
    }
    return name;
  }

  /** The runtime, or an empty text for the configuration's. */
  String runtime(Scope scope, @Nullable String asked) {
    return asked == null ? label(scope, RUNTIME) : asked;
  }

  private String label(Scope scope, String key) {
    try {
      return namespaces.labels(scope.namespace()).getOrDefault(key, "");
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return ""; // nothing is in it yet
      }
      throw e;
    }
  }
}
