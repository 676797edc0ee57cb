package org.felucca.shell.verb;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.image.Image;
import org.felucca.api.runtime.RuntimeView;
import org.felucca.api.snapshot.SnapshotterInfo;
import org.felucca.shell.session.Services;
import org.felucca.shell.view.Similar;

/** The names that there are now, for completion and for suggestions. */
final class KnownNames {
  /** Nobody waits longer for a suggestion. */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  private static final int SHORT_ID = 12;

  private final Services services;
  private final Scope scope;

  KnownNames(Services services, Scope scope) {
    this.services = services;
    this.scope = scope;
  }

  /** The names of a kind; none if who knows them is not there. */
  List<Known> of(Names names) {
    try {
      return switch (names) {
        case NONE, FILES, VERBS -> List.of();
        case CONTAINERS -> containers(row -> true);
        case PATHS ->
            containers(row -> true).stream()
                .map(known -> new Known(known.name() + ":", known.about()))
                .toList();
        case RUNNING -> containers(ContainerRow::isActive);
        case STOPPED -> containers(row -> !row.isActive());
        case PAUSED -> containers(row -> row.status().equals("paused"));
        case IMAGES -> images();
        case BOTH -> {
          List<Known> both = new ArrayList<>(containers(row -> true));
          both.addAll(images());
          yield both;
        }
        case RUNTIMES -> runtimes();
        case SNAPSHOTTERS ->
            services
                .info()
                .use(any -> true, PATIENCE, info -> info.info(scope))
                .snapshotters()
                .stream()
                .filter(SnapshotterInfo::usable)
                .map(snapshotter -> Known.of(snapshotter.name()))
                .toList();
        case SNAPSHOTS -> snapshots();
        case LEASES ->
            services
                .leases()
                .use(any -> true, PATIENCE, store -> store.list(scope, List.of()))
                .stream()
                .map(lease -> Known.of(lease.id()))
                .toList();
        case VOLUMES ->
            services.volumes().use(any -> true, PATIENCE, volumes -> volumes.list(scope)).stream()
                .map(volume -> Known.of(volume.name()))
                .toList();
        case NAMESPACES ->
            services.namespaces().use(any -> true, PATIENCE, store -> store.list()).stream()
                .map(name -> Known.of(name.toString()))
                .toList();
      };
    } catch (EngineException e) {
      return List.of();
    }
  }

  /** What a beginning of an id or digest may stand for, where names were looked for in vain. */
  List<Known> ids(Names names, String beginning) {
    try {
      List<Known> ids = new ArrayList<>();
      if (names.areContainers()) {
        for (ContainerRow row : rows()) {
          if (row.id().startsWith(beginning)) {
            ids.add(new Known(shown(row.id(), beginning), row.name()));
          }
        }
      }
      if (names == Names.IMAGES || names == Names.BOTH) {
        for (Image image : list()) {
          String hex = image.target().digest().hex();
          String familiar = ContainerRow.familiar(image.name());
          if (hex.startsWith(beginning)) {
            ids.add(new Known(shown(hex, beginning), familiar));
          }
          // In full: with a tag, with the registry.
          ids.add(
              Known.of(image.name().substring(Math.max(0, image.name().lastIndexOf(familiar)))));
          ids.add(Known.of(image.name()));
        }
      }
      return ids;
    } catch (EngineException e) {
      return List.of();
    }
  }

  /**
   * The failure that nothing has a name, with {@code "; did you mean ...?"} if there is a guess.
   */
  EngineException withGuess(EngineException failure, Names names, String text) {
    List<String> known = of(names).stream().map(Known::name).toList();
    List<String> close = Similar.close(text, known);
    // What is there under this name is not what the failure is about.
    return close.isEmpty() || known.contains(text)
        ? failure
        : new EngineException(
            failure.kind(),
            "%s; did you mean %s?".formatted(failure.getMessage(), String.join(" or ", close)),
            failure);
  }

  private static String shown(String id, String beginning) {
    return id.substring(0, Math.min(id.length(), Math.max(SHORT_ID, beginning.length())));
  }

  private List<Known> containers(Predicate<ContainerRow> wanted) {
    Instant now = Instant.now();
    return rows().stream()
        .filter(wanted)
        .map(row -> new Known(row.name(), row.imageText() + ", " + row.statusText(now)))
        .toList();
  }

  private List<ContainerRow> rows() {
    return services
        .containers()
        .use(any -> true, PATIENCE, containers -> containers.list(scope, List.of()))
        .stream()
        .map(ContainerRow::of)
        .toList();
  }

  private List<Known> images() {
    return list().stream().map(image -> Known.of(ContainerRow.familiar(image.name()))).toList();
  }

  private List<Image> list() {
    return services.images().use(any -> true, PATIENCE, images -> images.list(scope, List.of()));
  }

  private List<Known> snapshots() {
    List<Known> known = new ArrayList<>();
    List<String> names =
        services.snapshots().use(any -> true, PATIENCE, snapshots -> snapshots.snapshotters());
    for (String name : names) {
      services
          .snapshots()
          .use(any -> true, PATIENCE, snapshots -> snapshots.list(scope, name, List.of()))
          .forEach(info -> known.add(new Known(info.key(), name)));
    }
    return known;
  }

  private List<Known> runtimes() {
    List<RuntimeView> views =
        services.runtimes().use(any -> true, PATIENCE, runtimes -> runtimes.list());
    return views.stream()
        .map(view -> new Known(view.name(), view.info() == null ? "" : view.info().version()))
        .toList();
  }
}
