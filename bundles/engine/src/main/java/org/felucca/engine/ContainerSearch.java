package org.felucca.engine;

import java.util.List;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;

/** Finds the container that a user means: an id, a name, or an unambiguous beginning of an id. */
final class ContainerSearch {
  private static final int SHORTEST_PREFIX = 2;
  private static final int MOST_SHOWN = 5;

  private ContainerSearch() {}

  /**
   * Finds it.
   *
   * @throws EngineException NOT_FOUND; INVALID_ARGUMENT if several fit, with those
   */
  static ContainerRecord find(ContainerStore containers, Scope scope, String text) {
    String quoted = text.replace("\\", "\\\\").replace("\"", "\\\"");
    List<ContainerRecord> exact =
        containers.list(
            scope,
            List.of(
                "id==\"" + quoted + "\"",
                "labels.\"" + ContainerRecord.NAME_LABEL + "\"==\"" + quoted + "\""));
    if (!exact.isEmpty()) {
      return exact.getFirst();
    }
    List<ContainerRecord> matches = List.of();
    if (text.length() >= SHORTEST_PREFIX && text.matches("[A-Za-z0-9._-]+")) {
      matches = containers.list(scope, List.of("id~=\"^" + text.replace(".", "[.]") + "\""));
    }
    return switch (matches.size()) {
      case 1 -> matches.getFirst();
      case 0 ->
          throw EngineException.notFound(
              "container %s not found; 'felucca ps -a' shows which there are"
                  .formatted(Identifiers.quote(text)));
      default ->
          throw EngineException.invalid(
              "%d containers begin with %s; give more of the id: %s%s"
                  .formatted(
                      matches.size(),
                      Identifiers.quote(text),
                      matches.stream()
                          .limit(MOST_SHOWN)
                          .map(match -> "%s (%s)".formatted(match.id().shortForm(), match.name()))
                          .collect(Collectors.joining(", ")),
                      matches.size() > MOST_SHOWN ? ", ..." : ""));
    };
  }
}
