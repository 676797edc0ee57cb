package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.NamespaceMode;
import org.felucca.api.container.NamespaceOptions;
import org.felucca.api.container.NetworkOptions;

/** Fills in what a new container takes from the machine and from other containers. */
final class Neighbours {

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
    try {
      return ContainerSearch.find(containers, scope, text);
    } catch (EngineException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT, "%s: %s".formatted(option, e.getMessage()), e);
    }
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
