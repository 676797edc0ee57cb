package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.NamespaceMode;
import org.felucca.api.container.NamespaceOptions;
import org.felucca.api.container.NetworkOptions;

/** Fills in what a new container takes from the machine and from other containers. */
final class Neighbours {
  private static final int SHORTEST_PREFIX = 2;

  private final ContainerStore containers;

  Neighbours(ContainerStore containers) {
    this.containers = containers;
  }

  /**
   * The options with other containers by their ids, and with the host name of whose network or host
   * name it shares.
   *
   * @throws EngineException INVALID_ARGUMENT if there is no such container, or for options that
   *     contradict each other
   */
  CreateOptions resolve(Scope scope, CreateOptions options) {
    NamespaceOptions given = options.namespaces();
    if (given.equals(NamespaceOptions.PRIVATE)) {
      return options;
    }
    OptionChecks.checkNamespaces(given, options.network());
    NamespaceOptions resolved =
        new NamespaceOptions(
            resolve(scope, "--pid", given.pid()),
            resolve(scope, "--ipc", given.ipc()),
            resolve(scope, "--uts", given.uts()),
            resolve(scope, "--cgroupns", given.cgroup()),
            resolve(scope, "--network", given.network()),
            given.cgroupParent());
    CreateOptions result = options.withNamespaces(resolved);
    NamespaceMode named =
        resolved.network().kind() == NamespaceMode.Kind.CONTAINER || resolved.uts().isOwn()
            ? resolved.network()
            : resolved.uts();
    NetworkOptions network = options.network();
    if (network.hostname() != null || named.isOwn()) {
      return result;
    }
    String hostname =
        named.kind() == NamespaceMode.Kind.HOST
            ? machine()
            : hostname(Neighbours.find(containers, scope, "--network", named.container()));
    return result.withNetwork(
        new NetworkOptions(
            hostname,
            network.domainname(),
            network.dns(),
            network.dnsSearch(),
            network.dnsOptions(),
            network.hosts(),
            network.exposed()));
  }

  private NamespaceMode resolve(Scope scope, String option, NamespaceMode mode) {
    return mode.kind() == NamespaceMode.Kind.CONTAINER
        ? NamespaceMode.of(find(containers, scope, option, mode.container()).id().value())
        : mode;
  }

  /** The container that an option names by its id, its name or a beginning of its id. */
  static ContainerRecord find(ContainerStore containers, Scope scope, String option, String text) {
    List<ContainerRecord> found = List.of();
    if (text.matches("[A-Za-z0-9._-]+")) {
      found =
          containers.list(
              scope,
              List.of(
                  "id==\"" + text + "\"",
                  "labels.\"" + ContainerRecord.NAME_LABEL + "\"==\"" + text + "\""));
      if (found.isEmpty() && text.length() >= SHORTEST_PREFIX) {
        found = containers.list(scope, List.of("id~=\"^" + text.replace(".", "[.]") + "\""));
      }
    }
    if (found.size() != 1) {
      throw EngineException.invalid(
          found.isEmpty()
              ? "%s: container %s not found; felucca ps -a shows which there are"
                  .formatted(option, Identifiers.quote(text))
              : "%s: several containers begin with %s; give more of the id"
                  .formatted(option, Identifiers.quote(text)));
    }
    return found.getFirst();
  }

  private static String hostname(ContainerRecord other) {
    Surroundings surroundings = ContainerLifecycle.options(other).surroundings();
    return surroundings == null
        ? other.id().shortForm()
        : StartPreparation.hostname(surroundings, other.id());
  }

  private static String machine() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      return "localhost";
    }
  }
}
