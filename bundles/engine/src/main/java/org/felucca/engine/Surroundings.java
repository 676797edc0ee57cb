package org.felucca.engine;

import java.nio.file.Path;
import java.util.List;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.NamespaceMode;
import org.felucca.api.container.NamespaceOptions;
import org.felucca.api.container.NetworkOptions;
import org.jspecify.annotations.Nullable;

/**
 * What a container needs of the machine and of other containers at each start.
 *
 * @param network how it is called and resolves names
 * @param namespaces what it shares; other containers by their ids
 * @param mounts folders of this machine that its user gave it, volumes among them
 * @param volumes the names of its volumes
 * @param folder the folder that is its root file system, or null for a snapshot
 */
record Surroundings(
    NetworkOptions network,
    NamespaceOptions namespaces,
    List<MountOption.Bind> mounts,
    List<String> volumes,
    @Nullable Path folder) {
  /** Copies the collections. */
  Surroundings {
    mounts = List.copyOf(mounts);
    volumes = List.copyOf(volumes);
  }

  /** Whose files of names it sees, {@code /etc/hosts} and its like: its own, or another's. */
  ContainerId namesOf(ContainerId self) {
    return namespaces.network().kind() == NamespaceMode.Kind.CONTAINER
        ? new ContainerId(namespaces.network().container())
        : self;
  }

  /** Whether it shares a namespace with another container. */
  boolean joins() {
    return List.of(
            namespaces.pid(),
            namespaces.ipc(),
            namespaces.uts(),
            namespaces.cgroup(),
            namespaces.network())
        .stream()
        .anyMatch(mode -> mode.kind() == NamespaceMode.Kind.CONTAINER);
  }
}
