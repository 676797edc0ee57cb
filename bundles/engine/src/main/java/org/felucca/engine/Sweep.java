package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.gc.Collector;
import org.felucca.api.lease.Lease;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.snapshot.SnapshotterInfo;
import org.felucca.api.task.TaskService;

/** Clears away what an engine that was killed left half-done, before this one begins anything. */
final class Sweep {
  private static final Logger LOG = Logger.getLogger(Sweep.class.getName());

  private final ContainerStore containers;
  private final SnapshotService snapshots;
  private final EnginePaths paths;
  private final TaskService tasks;
  private final LeaseStore leases;
  private final Collector collector;
  private final String snapshotter;
  private boolean leasesEnded;

  Sweep(
      ContainerStore containers,
      SnapshotService snapshots,
      EnginePaths paths,
      TaskService tasks,
      LeaseStore leases,
      Collector collector,
      String snapshotter) {
    this.containers = containers;
    this.snapshots = snapshots;
    this.paths = paths;
    this.tasks = tasks;
    this.leases = leases;
    this.collector = collector;
    this.snapshotter = snapshotter;
  }

  void sweep(List<Namespace> namespaces) {
    defaultSnapshotter();
    for (Namespace namespace : namespaces) {
      Scope scope = Scope.of(namespace).withDurability(Durability.ENGINE_CRASH);
      Set<String> known = new HashSet<>();
      for (ContainerRecord container : containers.listWithoutSpecs(scope, List.of())) {
        known.add(container.id().value());
      }
      told(scope);
      snapshots(scope, known);
      ImageMounts.sweep(snapshots, scope);
      folders(paths.root().resolve("containers").resolve(namespace.value()), known);
      folders(paths.health(namespace), known);
      tasks.list(scope).forEach(task -> known.add(task.container().value()));
      folders(paths.state().resolve("tasks").resolve(namespace.value()), known);
      leases(scope);
    }
  }

  /**
   * What was told of tasks that are gone. Only tasks count: the record of a container whose task
   * was deleted may still be there, and go in a moment.
   */
  private void told(Scope scope) {
    Path parent = paths.state().resolve("told").resolve(scope.namespace().value());
    List<Path> told = list(parent);
    Set<String> tasksKnown = new HashSet<>();
    tasks.list(scope).forEach(task -> tasksKnown.add(task.container().value()));
    delete(told, tasksKnown);
  }

  /** Its first use sweeps its files; the others wait for somebody who wants them. */
  private void defaultSnapshotter() {
    try {
      SnapshotterInfo info = snapshots.snapshotter(snapshotter);
      if (!info.usable()) {
        LOG.log(
            Level.WARNING,
            "default snapshotter can not be used name={0} reason={1}",
            new Object[] {snapshotter, info.refusal()});
      }
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "default snapshotter not tried name=" + snapshotter, e);
    }
  }

  /** Snapshots that were prepared for containers whose records never came. */
  private void snapshots(Scope scope, Set<String> containersKnown) {
    for (String snapshotter : snapshots.snapshotters()) {
      for (SnapshotInfo snapshot : snapshots.list(scope, snapshotter, List.of())) {
        String container = snapshot.labels().get(ContainerCreation.CONTAINER_LABEL);
        if (container != null && !containersKnown.contains(container)) {
          try {
            snapshots.remove(scope, snapshotter, snapshot.key());
            LOG.log(Level.INFO, "snapshot without a container removed key={0}", snapshot.key());
          } catch (EngineException e) {
            LOG.log(Level.WARNING, "snapshot not swept key=" + snapshot.key(), e);
          }
        }
      }
    }
  }

  /** Takes away what only the ended leases kept; others need not wait for that. */
  void collect() {
    if (leasesEnded) {
      try {
        collector.collect();
      } catch (EngineException e) {
        LOG.log(Level.WARNING, "what unfinished imports left is not collected", e);
      }
    }
  }

  /** Leases of imports that an engine before this one did not finish. */
  private void leases(Scope scope) {
    for (Lease lease : leases.list(scope, List.of())) {
      if (lease.id().startsWith(WorkLeases.PREFIX)
          && !lease.id().startsWith(WorkLeases.OWN_PREFIX)) {
        try {
          leases.delete(scope, lease.id());
          leasesEnded = true;
          LOG.log(Level.INFO, "lease of an unfinished import ended id={0}", lease.id());
        } catch (EngineException e) {
          LOG.log(Level.WARNING, "lease not swept id=" + lease.id(), e);
        }
      }
    }
  }

  private static void folders(Path parent, Set<String> known) {
    delete(list(parent), known);
  }

  private static List<Path> list(Path parent) {
    if (!Files.isDirectory(parent)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(parent)) {
      return folders.toList();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "folder not swept path=" + parent, e);
      return List.of();
    }
  }

  private static void delete(List<Path> folders, Set<String> known) {
    for (Path folder : folders) {
      if (!known.contains(folder.getFileName().toString())) {
        try {
          FileTrees.delete(folder);
        } catch (EngineException e) {
          LOG.log(Level.WARNING, "folder not swept path=" + folder, e);
        }
      }
    }
  }
}
