package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.shell.session.Services;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which snapshotter is meant, and the snapshots in it; a mixin. */
final class SnapshotOption {
  @Option(
      names = "--snapshotter",
      paramLabel = "NAME",
      description = "only what this snapshotter keeps (else all of them)")
  @Nullable String snapshotter;

  /** The snapshotters that are meant. */
  List<String> names(Services services) {
    return snapshotter == null
        ? services.snapshots().use(snapshots -> snapshots.snapshotters())
        : List.of(snapshotter);
  }

  /** Every snapshot that is meant, by snapshotter and key. */
  List<SnapshotInfo> all(Services services, Scope scope) {
    List<SnapshotInfo> all = new ArrayList<>();
    for (String name : names(services)) {
      all.addAll(services.snapshots().use(snapshots -> snapshots.list(scope, name, List.of())));
    }
    return all;
  }

  /**
   * The snapshot that a user means: a key, or the beginning of one, with or without {@code
   * sha256:}.
   *
   * @throws EngineException NOT_FOUND; INVALID_ARGUMENT if several fit
   */
  SnapshotInfo find(Services services, Scope scope, String text) {
    List<SnapshotInfo> all = all(services, scope);
    List<SnapshotInfo> found = all.stream().filter(info -> info.key().equals(text)).toList();
    if (found.isEmpty() && text.length() > 3) {
      found =
          all.stream()
              .filter(
                  info -> info.key().startsWith(text) || info.key().startsWith("sha256:" + text))
              .toList();
    }
    if (found.isEmpty()) {
      throw EngineException.notFound(
          "there is no snapshot %s; 'felucca snapshot ls' shows which there are"
              .formatted(Identifiers.quote(text)));
    }
    if (found.size() > 1) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT,
          "%d snapshots begin with %s (%s); give more of the key, or --snapshotter"
              .formatted(
                  found.size(),
                  Identifiers.quote(text),
                  String.join(
                      ", ",
                      found.stream()
                          .limit(3)
                          .map(info -> ShortNames.of(info.key()) + " of " + info.snapshotter())
                          .toList())));
    }
    return found.getFirst();
  }
}
