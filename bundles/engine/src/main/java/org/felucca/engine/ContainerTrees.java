package org.felucca.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.linux.Dir;
import org.felucca.linux.LinuxException;
import org.felucca.linux.OpenFlags;
import org.felucca.linux.PidFd;
import org.felucca.oci.JsonObject;
import org.felucca.oci.RuntimeSpec;
import org.jspecify.annotations.Nullable;

/** How the files of a container are mounted. */
final class ContainerTrees {
  private static final Logger LOG = Logger.getLogger(ContainerTrees.class.getName());

  private final SnapshotService snapshots;
  private final TaskService tasks;

  ContainerTrees(SnapshotService snapshots, TaskService tasks) {
    this.snapshots = snapshots;
    this.tasks = tasks;
  }

  /** The root file system, without what is mounted in it. */
  List<Mount> root(Scope scope, ContainerRecord container) {
    if (!container.snapshotKey().isEmpty()) {
      return snapshots.mounts(scope, container.snapshotter(), container.snapshotKey());
    }
    Surroundings surroundings = ContainerLifecycle.options(container).surroundings();
    Path folder = surroundings == null ? null : surroundings.folder();
    if (folder == null) {
      throw EngineException.precondition(
          "container %s has no root file system".formatted(container.name()));
    }
    return StartPreparation.folderMounts(folder);
  }

  /** Works with what the container was made from, as it was. */
  <T> T base(Scope scope, ContainerRecord container, Function<List<Mount>, T> work) {
    String parent = parent(scope, container);
    Scope quick = scope.withDurability(Durability.ENGINE_CRASH);
    String key = "felucca-view-" + UUID.randomUUID();
    List<Mount> mounts =
        snapshots.view(
            quick,
            container.snapshotter(),
            key,
            parent,
            // Of no container, so it is swept if the engine dies now.
            Map.of(ContainerCreation.CONTAINER_LABEL, key, "containerd.io/gc.root", key));
    try {
      return work.apply(mounts);
    } finally {
      boolean interrupted = Thread.interrupted();
      try {
        snapshots.remove(quick, container.snapshotter(), key);
      } catch (EngineException e) {
        LOG.log(Level.WARNING, "view not removed key=" + key, e);
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  /** The snapshot that the container was made from; FAILED_PRECONDITION if there is none. */
  String parent(Scope scope, ContainerRecord container) {
    @Nullable String parent =
        container.snapshotKey().isEmpty()
            ? null
            : snapshots.stat(scope, container.snapshotter(), container.snapshotKey()).parent();
    if (parent == null || parent.isEmpty()) {
      throw EngineException.precondition(
          "container %s was not made from an image, so there is nothing to compare it with"
              .formatted(container.name()));
    }
    return parent;
  }

  /** Works with the files as the container sees them. */
  <T> T seen(Scope scope, ContainerRecord container, Function<List<Mount>, T> work) {
    try (Dir root = runningRoot(scope, container)) {
      if (root != null) {
        return work.apply(List.of(new Mount("bind", root.procPath(), "", List.of("rbind"))));
      }
    }
    List<Mount> mounts = new ArrayList<>(root(scope, container));
    List<Mount> binds = binds(container);
    if (!binds.isEmpty()) {
      mounts.addAll(RootfsView.with(mounts, folder -> thatHavePlaces(folder, binds)));
    }
    return work.apply(mounts);
  }

  /** The root of its first process; null if it does not run. */
  private @Nullable Dir runningRoot(Scope scope, ContainerRecord container) {
    TaskState task = running(scope, container);
    if (task == null) {
      return null;
    }
    try (PidFd process = PidFd.open(task.pid())) {
      Dir root = Dir.open("/proc/" + task.pid() + "/root");
      // The number belonged to that process all the while, if it is still there.
      TaskState again = running(scope, container);
      if (!process.ended() && again != null && again.pid() == task.pid()) {
        return root;
      }
      root.close();
    } catch (LinuxException e) {
      LOG.log(Level.FINE, "container ended meanwhile id=" + container.id(), e);
    }
    return null;
  }

  private @Nullable TaskState running(Scope scope, ContainerRecord container) {
    try {
      TaskState task = tasks.get(scope, container.id(), "");
      boolean runs =
          task.status() == TaskStatus.RUNNING
              || task.status() == TaskStatus.PAUSED
              || task.status() == TaskStatus.PAUSING;
      return runs ? task : null;
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  /** Where something is mounted in it. */
  static Set<String> mountPlaces(ContainerRecord container) {
    TypedBytes spec = container.spec();
    return spec == null
        ? Set.of()
        : RuntimeSpec.parse(spec.value()).json().objects("mounts").stream()
            .map(mount -> mount.string("destination", ""))
            .collect(Collectors.toSet());
  }

  /** The folders and files of this machine that it will see. */
  private static List<Mount> binds(ContainerRecord container) {
    TypedBytes spec = container.spec();
    List<Mount> binds = new ArrayList<>();
    if (spec != null) {
      for (JsonObject mount : RuntimeSpec.parse(spec.value()).json().objects("mounts")) {
        String source = mount.string("source", "");
        if (mount.string("type", "").equals("bind")
            && source.startsWith("/")
            && Files.exists(Path.of(source))) {
          binds.add(
              new Mount(
                  "bind",
                  source,
                  mount.requiredString("destination").replaceAll("^/+", ""),
                  mount.strings("options").stream().filter(ContainerTrees::isPlain).toList()));
        }
      }
    }
    return binds;
  }

  /** Options that mean something to a mount that nobody else sees. */
  private static boolean isPlain(String option) {
    return option.equals("rbind") || option.equals("bind") || option.equals("ro");
  }

  private static List<Mount> thatHavePlaces(Path folder, List<Mount> binds) {
    try (Dir root = Dir.open(folder.toString())) {
      return binds.stream().filter(bind -> isThere(root, bind.target())).toList();
    }
  }

  private static boolean isThere(Dir root, String path) {
    try (var place = root.openInRoot(path, OpenFlags.O_PATH, 0)) {
      return place.number() >= 0;
    } catch (LinuxException e) {
      return false;
    }
  }
}
