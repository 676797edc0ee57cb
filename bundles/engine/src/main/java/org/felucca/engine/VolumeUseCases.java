package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.diff.TreeArchives;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.task.TaskService;
import org.felucca.api.volume.Volume;
import org.felucca.api.volume.VolumeService;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Volumes. A container names its volumes in its record, which comes after the volumes: from the one
 * to the other nothing is removed ({@link #use}).
 */
@Component(service = {VolumeService.class, VolumeUseCases.class})
public final class VolumeUseCases implements VolumeService {
  private static final Logger LOG = Logger.getLogger(VolumeUseCases.class.getName());

  private final ContainerStore containers;
  private final SelfRemovals selfRemovals;
  private final TreeArchives trees;
  private final EnginePaths paths;
  private final ReentrantReadWriteLock users = new ReentrantReadWriteLock();
  private final KeyedLocks<String> names = new KeyedLocks<>();
  private final SecureRandom random = new SecureRandom();

  /** Copies and deletions hold a thread, which must not be the carrier of a virtual one. */
  private final ExecutorService disk =
      Executors.newFixedThreadPool(
          2, Thread.ofPlatform().daemon().name("felucca-volumes-", 0).factory());

  /** With the records that name volumes, what copies trees, and what tells who has ended. */
  @Activate
  public VolumeUseCases(
      BundleContext context,
      @Reference ContainerStore containers,
      @Reference TreeArchives trees,
      @Reference TaskService tasks) {
    this.containers = containers;
    this.selfRemovals = new SelfRemovals(containers, tasks);
    this.trees = trees;
    this.paths = EnginePaths.of(context);
    List<Path> leftovers = leftovers(paths.root().resolve("volumes"));
    if (!leftovers.isEmpty()) {
      disk.execute(() -> leftovers.forEach(VolumeUseCases::sweep));
    }
  }

  /** Before anything new is begun: what is half-done now is an earlier engine's. */
  private static List<Path> leftovers(Path root) {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> namespaces = Files.list(root)) {
      return namespaces.flatMap(folder -> new VolumeFolders(folder).leftovers().stream()).toList();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "leftovers of volumes not swept folder=" + root, e);
      return List.of();
    }
  }

  private static void sweep(Path leftover) {
    try {
      FileTrees.delete(leftover);
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "leftover of a volume not swept folder=" + leftover, e);
    }
  }

  @Deactivate
  void close() {
    disk.shutdownNow();
  }

  /** What is asked for while this is held is not removed by others. */
  interface Use extends AutoCloseable {
    @Override
    void close();
  }

  /** Begins the use of volumes by a container that has no record yet. */
  Use use() {
    users.readLock().lock();
    return users.readLock()::unlock;
  }

  VolumeFolders folders(Namespace namespace) {
    return new VolumeFolders(paths.volumes(namespace));
  }

  /**
   * Makes a volume for a container, if there is none of the name.
   *
   * @param name its name, or null for one without
   * @param made gets its name if it is new
   */
  String ensure(Scope scope, @Nullable String name, List<String> made) {
    String called = name == null ? madeUp() : name;
    VolumeFolders folders = folders(scope.namespace());
    boolean fresh =
        onDisk(
            "make volume " + called,
            () -> {
              try (KeyedLocks.Held _ = lock(scope, called)) {
                return folders.find(called) == null
                    && folders.make(called, Map.of(), name == null, Instant.now(), madeUp());
              }
            });
    if (fresh) {
      made.add(called);
    }
    return called;
  }

  /**
   * Fills a volume, if it is empty, with what a root file system has at a path.
   *
   * @param root how that root file system is mounted
   * @return whether it was empty
   */
  boolean fill(Scope scope, String name, List<Mount> root, String path) {
    return onDisk(
        "fill volume " + name,
        () -> {
          try (KeyedLocks.Held _ = lock(scope, name)) {
            return folders(scope.namespace()).fill(name, trees, root, path);
          }
        });
  }

  /** Gives a filled volume the owner and the mode of the folder that it was filled from. */
  void dress(Scope scope, VolumeMounts.Filled filled, Path rootfs) {
    boolean done =
        onDisk(
            "fill volume " + filled.name(),
            () -> {
              folders(scope.namespace()).dress(filled.name(), rootfs, filled.path());
              return true;
            });
    assert done;
  }

  /** Takes away what was made for a container that did not come to be. */
  void undo(Scope scope, List<String> made) {
    for (String name : made) {
      try {
        delete(retire(scope, name));
      } catch (EngineException e) {
        LOG.log(Level.WARNING, "volume of a failed create stays name=" + name, e);
      }
    }
  }

  private KeyedLocks.Held lock(Scope scope, String name) {
    return names.lock(scope.namespace() + "/" + name);
  }

  private String madeUp() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** Takes a volume out of sight; returns what is left to delete. */
  private List<Path> retire(Scope scope, String name) {
    return onDisk(
        "remove volume " + name,
        () -> {
          try (KeyedLocks.Held _ = lock(scope, name)) {
            Path gone = folders(scope.namespace()).retire(name, madeUp());
            return gone == null ? List.of() : List.of(gone);
          }
        });
  }

  private void delete(List<Path> retired) {
    for (Path gone : retired) {
      boolean done =
          onDisk(
              "remove a volume",
              () -> {
                FileTrees.delete(gone);
                return true;
              });
      assert done;
    }
  }

  @Override
  public Volume create(Scope scope, @Nullable String name, Map<String, String> labels) {
    String called = name == null ? madeUp() : VolumeFolders.checkName("volume create", name);
    VolumeFolders folders = folders(scope.namespace());
    Volume volume =
        onDisk(
            "make volume " + called,
            () -> {
              try (KeyedLocks.Held _ = lock(scope, called)) {
                Volume there = folders.find(called);
                if (there != null) {
                  return there;
                }
                if (!folders.make(called, labels, name == null, Instant.now(), madeUp())) {
                  throw EngineException.alreadyExists("volume " + called + " is being made");
                }
                return folders.find(called);
              }
            });
    return withUsers(volume, users(scope));
  }

  @Override
  public Volume get(Scope scope, String name) {
    return withUsers(find(scope, name), users(scope));
  }

  private Volume find(Scope scope, String name) {
    Volume volume = folders(scope.namespace()).find(VolumeFolders.checkName("volume", name));
    if (volume == null) {
      throw EngineException.notFound(
          "volume %s not found; felucca volume ls shows which there are".formatted(name));
    }
    return volume;
  }

  @Override
  public List<Volume> list(Scope scope) {
    Map<String, List<ContainerId>> users = users(scope);
    VolumeFolders folders = folders(scope.namespace());
    List<Volume> volumes = new ArrayList<>();
    for (String name : folders.names()) {
      try {
        Volume volume = folders.find(name);
        if (volume != null) {
          volumes.add(withUsers(volume, users));
        }
      } catch (EngineException e) {
        LOG.log(Level.WARNING, "volume passed over name=" + name, e);
      }
    }
    return volumes;
  }

  private static Volume withUsers(Volume volume, Map<String, List<ContainerId>> users) {
    return new Volume(
        volume.name(),
        volume.folder(),
        volume.labels(),
        volume.createdAt(),
        volume.anonymous(),
        users.getOrDefault(volume.name(), List.of()));
  }

  private Map<String, List<ContainerId>> users(Scope scope) {
    Map<String, List<ContainerId>> users = new TreeMap<>();
    for (ContainerRecord container : containers.listWithoutSpecs(scope, List.of())) {
      ManagedOptions options = ManagedOptions.of(container);
      Surroundings surroundings = options == null ? null : options.surroundings();
      if (surroundings != null) {
        for (String name : surroundings.volumes()) {
          users.computeIfAbsent(name, any -> new ArrayList<>()).add(container.id());
        }
      }
    }
    return users;
  }

  @Override
  public void remove(Scope scope, String name) {
    List<Path> retired;
    users(scope).getOrDefault(name, List.of()).forEach(id -> selfRemovals.await(scope, id));
    users.writeLock().lock();
    try {
      Volume volume = find(scope, name);
      List<ContainerId> mounting = users(scope).getOrDefault(name, List.of());
      if (!mounting.isEmpty()) {
        throw EngineException.precondition(
            "volume %s is mounted by %s; remove that first, by felucca rm"
                .formatted(volume.name(), mounting.stream().map(ContainerId::shortForm).toList()));
      }
      retired = retire(scope, name);
    } finally {
      users.writeLock().unlock();
    }
    delete(retired);
  }

  @Override
  public List<String> release(Scope scope, List<String> wanted) {
    return wanted.isEmpty()
        ? List.of()
        : removeUnused(
                scope, volume -> volume.anonymous() && wanted.contains(volume.name()), wanted)
            .stream()
            .map(Volume::name)
            .toList();
  }

  @Override
  public List<Volume> prune(Scope scope, boolean named) {
    return removeUnused(
        scope, volume -> named || volume.anonymous(), folders(scope.namespace()).names());
  }

  private List<Volume> removeUnused(
      Scope scope, Predicate<Volume> wanted, List<String> candidates) {
    List<Volume> removed = new ArrayList<>();
    List<Path> retired = new ArrayList<>();
    users.writeLock().lock();
    try {
      Map<String, List<ContainerId>> mounting = users(scope);
      for (String name : candidates) {
        Volume volume = folders(scope.namespace()).find(name);
        if (volume != null && wanted.test(volume) && !mounting.containsKey(name)) {
          retired.addAll(retire(scope, name));
          removed.add(volume);
        }
      }
    } finally {
      users.writeLock().unlock();
    }
    delete(retired);
    return removed;
  }

  private <T> T onDisk(String what, Callable<T> work) {
    Future<T> future = disk.submit(work);
    try {
      return future.get();
    } catch (InterruptedException e) {
      boolean stopped = future.cancel(true);
      Thread.currentThread().interrupt();
      throw EngineException.cancelled(what + (stopped ? "" : " (done meanwhile)"));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof EngineException known) {
        throw known;
      }
      throw EngineException.internal(what + ": " + e.getCause(), e.getCause());
    }
  }
}
