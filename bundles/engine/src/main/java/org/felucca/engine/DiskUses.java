package org.felucca.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerView;
import org.felucca.api.content.ContentInfo;
import org.felucca.api.content.ContentService;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageStore;
import org.felucca.api.info.DiskUse;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.task.TaskStatus;
import org.felucca.api.volume.Volume;
import org.felucca.api.volume.VolumeService;
import org.felucca.linux.DiskUsage;

/** Adds up what things take of the disk, from records where it can. */
final class DiskUses {
  private static final String CONTENT_LABEL = "containerd.io/gc.ref.content";

  private final ImageStore images;
  private final ContentService content;
  private final SnapshotService snapshots;
  private final VolumeService volumes;
  private final EnginePaths paths;
  private final DiskThreads disk;

  DiskUses(
      ImageStore images,
      ContentService content,
      SnapshotService snapshots,
      VolumeService volumes,
      EnginePaths paths,
      DiskThreads disk) {
    this.images = images;
    this.content = content;
    this.snapshots = snapshots;
    this.volumes = volumes;
    this.paths = paths;
    this.disk = disk;
  }

  /** A sum that grows. */
  private static final class Sum {
    private final DiskUse.Kind kind;
    private int count;
    private int active;
    private long bytes;
    private long reclaimable;
    private boolean counted = true;

    Sum(DiskUse.Kind kind) {
      this.kind = kind;
    }

    void add(boolean isActive, long some) {
      count++;
      active += isActive ? 1 : 0;
      bytes += some;
      reclaimable += isActive ? 0 : some;
    }

    DiskUse whole() {
      return new DiskUse(kind, count, active, bytes, reclaimable, counted);
    }
  }

  /** What a namespace takes; with a count also what is in no record. */
  List<DiskUse> of(Scope scope, List<ContainerView> containers, boolean count) {
    Sum layers = new Sum(DiskUse.Kind.SNAPSHOTS);
    Sum written = new Sum(DiskUse.Kind.CONTAINERS);
    snapshots(scope, containers, count, layers, written);
    return List.of(
        images(scope, containers),
        layers.whole(),
        written.whole(),
        logs(scope, containers),
        volumes(scope, count));
  }

  private DiskUse images(Scope scope, List<ContainerView> containers) {
    Set<String> names = new HashSet<>();
    containers.forEach(view -> names.add(view.container().image()));
    Map<String, ContentInfo> blobs = new HashMap<>();
    content.list(scope, List.of()).forEach(blob -> blobs.put(blob.digest().toString(), blob));
    Sum sum = new Sum(DiskUse.Kind.IMAGES);
    Deque<String> pending = new ArrayDeque<>();
    for (Image image : images.list(scope, List.of())) {
      boolean used = names.contains(image.name());
      sum.add(used, 0);
      if (used) {
        pending.add(image.target().digest().toString());
      }
    }
    Set<String> used = new HashSet<>();
    while (!pending.isEmpty()) {
      String digest = pending.removeLast();
      ContentInfo blob = blobs.get(digest);
      if (blob != null && used.add(digest)) {
        blob.labels()
            .forEach(
                (label, value) -> {
                  if (label.startsWith(CONTENT_LABEL)) {
                    pending.add(value);
                  }
                });
      }
    }
    blobs.forEach(
        (digest, blob) -> {
          sum.bytes += blob.size();
          sum.reclaimable += used.contains(digest) ? 0 : blob.size();
        });
    return sum.whole();
  }

  private record Key(String snapshotter, String name) {}

  private static boolean isActive(ContainerView view) {
    return view.task() != null
        && (view.task().status() == TaskStatus.RUNNING
            || view.task().status() == TaskStatus.PAUSED);
  }

  private void snapshots(
      Scope scope, List<ContainerView> containers, boolean count, Sum layers, Sum written) {
    Map<Key, SnapshotInfo> all = new HashMap<>();
    Map<Key, SnapshotUsage> usages = new HashMap<>();
    for (String snapshotter : snapshots.snapshotters()) {
      for (SnapshotInfo info : snapshots.list(scope, snapshotter, List.of())) {
        all.put(new Key(snapshotter, info.key()), info);
      }
      snapshots
          .recordedUsage(scope, snapshotter)
          .forEach((key, usage) -> usages.put(new Key(snapshotter, key), usage));
    }
    Set<Key> used = new HashSet<>();
    for (ContainerView view : containers) {
      Key key = new Key(view.container().snapshotter(), view.container().snapshotKey());
      SnapshotInfo own = all.remove(key);
      SnapshotUsage usage = usages.getOrDefault(key, new SnapshotUsage(0, 0));
      if (own != null && count) {
        usage = counted(scope, key, usage);
      }
      written.add(isActive(view), usage.bytes());
      written.counted &= own == null || usage.inodes() > 0;
      String parent = own == null ? null : own.parent();
      while (parent != null && used.add(new Key(key.snapshotter(), parent))) {
        SnapshotInfo below = all.get(new Key(key.snapshotter(), parent));
        parent = below == null ? null : below.parent();
      }
    }
    all.forEach(
        (key, info) -> {
          SnapshotUsage usage = usages.getOrDefault(key, new SnapshotUsage(0, 0));
          if (info.kind() == SnapshotKind.ACTIVE && count) {
            usage = counted(scope, key, usage);
          }
          layers.add(used.contains(key), usage.bytes());
          layers.counted &= info.kind() != SnapshotKind.ACTIVE || usage.inodes() > 0;
        });
  }

  private SnapshotUsage counted(Scope scope, Key key, SnapshotUsage otherwise) {
    try {
      return snapshots.usage(scope, key.snapshotter(), key.name());
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return otherwise; // it went meanwhile
      }
      throw e;
    }
  }

  private DiskUse logs(Scope scope, List<ContainerView> containers) {
    return disk.run(
        "count logs",
        () -> {
          Sum sum = new Sum(DiskUse.Kind.LOGS);
          for (ContainerView view : containers) {
            long bytes = files(paths.container(scope.namespace(), view.container().id()));
            if (bytes >= 0) {
              sum.add(isActive(view), bytes);
            }
          }
          return sum.whole();
        });
  }

  /** The lengths of the files in a folder, which are logs; -1 if there are none. */
  private static long files(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> logs = files.filter(Files::isRegularFile).toList();
      long bytes = 0;
      for (Path log : logs) {
        bytes += Files.size(log);
      }
      return logs.isEmpty() ? -1 : bytes;
    } catch (IOException | UncheckedIOException e) {
      return -1; // never started, rotated or removed just now
    }
  }

  private DiskUse volumes(Scope scope, boolean count) {
    Sum sum = new Sum(DiskUse.Kind.VOLUMES);
    List<Volume> all = volumes.list(scope);
    sum.counted = count || all.isEmpty();
    List<Long> bytes = new ArrayList<>();
    for (Volume volume : all) {
      bytes.add(
          count
              ? disk.run(
                  "count volume " + volume.name(),
                  () -> DiskUsage.of(volume.folder().toString()).bytes())
              : 0L);
    }
    for (int i = 0; i < bytes.size(); i++) {
      sum.add(!all.get(i).users().isEmpty(), bytes.get(i));
    }
    return sum.whole();
  }
}
