package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.NamespaceMode;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.linux.Cgroups;
import org.felucca.linux.LinuxException;
import org.felucca.oci.JsonObject;
import org.felucca.oci.RuntimeSpec;
import org.jspecify.annotations.Nullable;

/** What is only known when a container is started. */
final class StartPreparation {
  private static final Logger LOG = Logger.getLogger(StartPreparation.class.getName());

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Cgroups cgroups = Cgroups.detect();
  private final ContainerStore containers;
  private final SnapshotService snapshots;
  private final TaskService tasks;
  private final EnginePaths paths;

  StartPreparation(
      ContainerStore containers, SnapshotService snapshots, TaskService tasks, EnginePaths paths) {
    this.containers = containers;
    this.snapshots = snapshots;
    this.tasks = tasks;
    this.paths = paths;
  }

  /** The mounts of its root file system. */
  List<Mount> root(Scope scope, ContainerRecord container) {
    Surroundings surroundings = surroundings(container);
    Path folder = surroundings == null ? null : surroundings.folder();
    if (folder == null) {
      return snapshots.mounts(scope, container.snapshotter(), container.snapshotKey());
    }
    if (!Files.isDirectory(folder)) {
      throw EngineException.precondition(
          "container %s: its root file system %s is gone; put it back or remove the container"
              .formatted(container.name(), folder));
    }
    return folderMounts(folder);
  }

  static List<Mount> folderMounts(Path folder) {
    return List.of(new Mount("bind", folder.toString(), "", List.of("rbind", "rw")));
  }

  private static @Nullable Surroundings surroundings(ContainerRecord container) {
    return ContainerLifecycle.options(container).surroundings();
  }

  /**
   * Puts what it needs in place.
   *
   * @return its spec for this start, or null for that of its record
   * @throws EngineException FAILED_PRECONDITION if a folder or a container that it needs is not
   *     there
   */
  @Nullable TypedBytes spec(Scope scope, ContainerRecord container) {
    Surroundings surroundings = surroundings(container);
    TypedBytes spec = container.spec();
    if (surroundings == null || spec == null) {
      return null;
    }
    for (MountOption.Bind mount : surroundings.mounts()) {
      if (!Files.exists(mount.source())) {
        throw EngineException.precondition(
            "container %s: %s, which it mounts at %s, is gone; put it back or make the container anew"
                .formatted(container.name(), mount.source(), mount.destination()));
      }
    }
    if (surroundings.namesOf(container.id()).equals(container.id())) {
      names(scope, container.id())
          .make(
              surroundings.network(),
              surroundings.namespaces().network(),
              hostname(surroundings, container.id()));
    }
    if (!surroundings.joins()) {
      return null;
    }
    Map<String, NamespaceMode> modes = new TreeMap<>();
    modes.put("pid", surroundings.namespaces().pid());
    modes.put("ipc", surroundings.namespaces().ipc());
    modes.put("uts", surroundings.namespaces().uts());
    modes.put("cgroup", surroundings.namespaces().cgroup());
    modes.put("network", surroundings.namespaces().network());
    RuntimeSpec parsed = RuntimeSpec.parse(spec.value());
    for (JsonObject namespace : parsed.json().requiredObject("linux").objects("namespaces")) {
      String type = namespace.requiredString("type");
      NamespaceMode mode = modes.get(type);
      if (mode != null && mode.kind() == NamespaceMode.Kind.CONTAINER) {
        int pid = pidOf(scope, container, type, mode.container());
        namespace.put("path", "/proc/" + pid + "/ns/" + (type.equals("network") ? "net" : type));
      }
    }
    return new TypedBytes(TypedBytes.OCI_SPEC, parsed.bytes());
  }

  private int pidOf(Scope scope, ContainerRecord container, String type, String other) {
    String option = type.equals("cgroup") ? "cgroupns" : type;
    String name = other;
    try {
      name = containers.get(scope, new ContainerId(other)).name();
      TaskState task = tasks.get(scope, new ContainerId(other), "");
      if (task.status() == TaskStatus.RUNNING || task.status() == TaskStatus.PAUSED) {
        return task.pid();
      }
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
    }
    throw EngineException.precondition(
        "container %s shares by --%s container:%s what belongs to a container that does not run; start %s first"
            .formatted(container.name(), option, name, name));
  }

  NameFiles names(Scope scope, ContainerId id) {
    return new NameFiles(paths.container(scope.namespace(), id).resolve(NameFiles.FOLDER));
  }

  static String hostname(Surroundings surroundings, ContainerId id) {
    String hostname = surroundings.network().hostname();
    return hostname == null ? id.shortForm() : hostname;
  }

  /** Writes where a container's process is to be found; one that can't be written is logged. */
  void writePid(@Nullable Path file, int pid) {
    if (file == null) {
      return;
    }
    try {
      Path fresh = file.resolveSibling("." + file.getFileName() + ".new");
      Files.writeString(fresh, Integer.toString(pid));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "pid file not written path=" + file + " pid=" + pid, e);
    }
  }

  /** A runtime that failed or was killed in the middle of its create may leave them behind. */
  void removeCgroups(ContainerRecord container) {
    TypedBytes spec = container.spec();
    String path = spec == null ? "" : RuntimeSpec.parse(spec.value()).cgroupsPath();
    try {
      if (path.startsWith("/") && cgroups.exists(path)) {
        cgroups.remove(path, PATIENCE);
      }
    } catch (LinuxException e) {
      LOG.log(Level.WARNING, "cgroup of a container without a task not removed path=" + path, e);
    }
  }
}
