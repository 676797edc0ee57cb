package org.felucca.engine;

import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.namespace.NamespaceStore;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.snapshot.SnapshotterInfo;
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
   * A snapshotter that is there and can be used.
   *
   * @throws EngineException INVALID_ARGUMENT with who named it and which there are;
   *     FAILED_PRECONDITION with why it can't be used
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
    SnapshotterInfo info;
    try {
      info = snapshots.snapshotter(name);
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.INVALID_ARGUMENT) {
        throw e;
      }
      throw EngineException.invalid(
          "%s names the snapshotter %s, which is not there; there are %s"
              .formatted(
                  who, Identifiers.quote(name), String.join(", ", snapshots.snapshotters())));
    }
    if (!info.usable()) {
      throw EngineException.precondition(
          "%s names the snapshotter %s, which can't be used here: %s; 'felucca info' shows which can"
              .formatted(who, name, info.refusal()));
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
