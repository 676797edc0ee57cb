package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageMountService;
import org.felucca.api.image.ImageService;
import org.felucca.api.image.MountedImage;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.api.namespace.NamespaceStore;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.linux.Errno;
import org.felucca.linux.LinuxException;
import org.felucca.linux.MountTable;
import org.felucca.linux.Mounts;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Views of images, mounted in folders. The record of a view says where it shall be mounted, and is
 * written before the mount and taken away after it: so it is all that is needed to clean up.
 */
@Component(configurationPid = EngineConfig.PID)
public final class ImageMounts implements ImageMountService {
  private static final Logger LOG = Logger.getLogger(ImageMounts.class.getName());

  /** The label of a view with the folder that it is mounted in. */
  static final String FOLDER_LABEL = "felucca.image.mount";

  private static final String IMAGE_LABEL = "felucca.image";
  private static final String GC_ROOT = "containerd.io/gc.root";

  private final EnginePaths paths;
  private final ImageService images;
  private final SnapshotService snapshots;
  private final NamespaceDefaults defaults;
  private final DiskThreads disk = new DiskThreads("felucca-engine-mount", 2);
  private final KeyedLocks<Path> locks = new KeyedLocks<>();

  /** With the parts below. */
  @Activate
  public ImageMounts(
      BundleContext context,
      EngineConfig config,
      @Reference ImageService images,
      @Reference NamespaceStore namespaces,
      @Reference SnapshotService snapshots) {
    this.paths = EnginePaths.of(context);
    this.images = images;
    this.snapshots = snapshots;
    this.defaults = new NamespaceDefaults(namespaces, snapshots, config.default__snapshotter());
  }

  @Deactivate
  void close() {
    disk.close();
  }

  @Override
  public MountedImage mount(
      Scope scope,
      String text,
      @Nullable Platform platform,
      @Nullable String snapshotter,
      Path folder,
      Progress progress) {
    Image image = images.find(scope, text);
    ResolvedImage resolved =
        images.resolve(scope, image, platform == null ? Platform.host() : platform);
    Path target = disk.run("mount image " + image.name(), () -> emptyFolder(folder));
    try (KeyedLocks.Held _ = locks.lock(target)) {
      disk.run("mount image " + image.name(), () -> emptyFolder(target));
      String name = defaults.snapshotter(scope, snapshotter);
      String top = images.unpack(scope, resolved, name, progress).toString();
      String key = "mount-" + UUID.randomUUID();
      List<Mount> mounts =
          snapshots.view(
              scope,
              name,
              key,
              top,
              Map.of(
                  FOLDER_LABEL,
                  target.toString(),
                  IMAGE_LABEL,
                  image.name(),
                  GC_ROOT,
                  Instant.now().toString()));
      try {
        disk.run(
            "mount image " + image.name() + " on " + target,
            () -> {
              mount(mounts, target);
              return true;
            });
      } catch (RuntimeException e) {
        remove(snapshots, scope, name, key);
        throw e;
      }
      return view(snapshots.stat(scope, name, key), true);
    }
  }

  private Path emptyFolder(Path folder) throws IOException {
    Path target;
    try {
      target = folder.toRealPath();
    } catch (NoSuchFileException e) {
      throw EngineException.notFound("the folder %s is not there; make it first".formatted(folder));
    }
    if (!Files.isDirectory(target)) {
      throw EngineException.precondition(target + " is no folder");
    }
    paths.refuseOwn(target, "mount an image");
    if (MountTable.read().mountAt(target.toString()).isPresent()) {
      throw EngineException.precondition(
          "something is mounted on %s already; unmount it first, or choose another folder"
              .formatted(target));
    }
    try (Stream<Path> files = Files.list(target)) {
      if (files.findAny().isPresent()) {
        throw EngineException.precondition(
            "%s is not empty, and its files would be hidden; choose an empty folder"
                .formatted(target));
      }
    }
    return target;
  }

  private static void mount(List<Mount> mounts, Path target) {
    int made = 0;
    try {
      for (Mount mount : mounts) {
        List<String> options = new ArrayList<>(mount.options());
        options.removeIf(option -> option.equals("rw"));
        options.addAll(List.of("ro", "nosuid", "nodev"));
        Mounts.mount(
            mount.type(), mount.source(), target.resolve(mount.target()).toString(), options);
        made++;
      }
    } catch (RuntimeException e) {
      for (; made > 0; made--) {
        Mounts.unmount(target.resolve(mounts.get(made - 1).target()).toString(), Mounts.MNT_DETACH);
      }
      throw e;
    }
  }

  @Override
  public List<MountedImage> list(Scope scope) {
    MountTable table = disk.run("list mounted images", MountTable::read);
    return recorded(snapshots, scope).stream()
        .map(
            info -> {
              String folder = String.valueOf(info.labels().get(FOLDER_LABEL));
              return view(info, table.mountAt(folder).isPresent());
            })
        .sorted(Comparator.comparing(MountedImage::folder))
        .toList();
  }

  private static List<SnapshotInfo> recorded(SnapshotService snapshots, Scope scope) {
    List<SnapshotInfo> found = new ArrayList<>();
    for (String snapshotter : snapshots.snapshotters()) {
      found.addAll(snapshots.list(scope, snapshotter, List.of("labels.\"" + FOLDER_LABEL + "\"")));
    }
    return found;
  }

  private static MountedImage view(SnapshotInfo info, boolean present) {
    return new MountedImage(
        Path.of(String.valueOf(info.labels().get(FOLDER_LABEL))),
        info.labels().getOrDefault(IMAGE_LABEL, ""),
        info.snapshotter(),
        info.key(),
        info.createdAt(),
        present);
  }

  @Override
  public void unmount(Scope scope, Path folder, boolean force) {
    Path target =
        disk.run(
            "unmount " + folder,
            () -> Files.exists(folder) ? folder.toRealPath() : folder.normalize());
    try (KeyedLocks.Held _ = locks.lock(target)) {
      SnapshotInfo view =
          recorded(snapshots, scope).stream()
              .filter(info -> target.toString().equals(info.labels().get(FOLDER_LABEL)))
              .findFirst()
              .orElseThrow(
                  () ->
                      EngineException.notFound(
                          "no image is mounted on %s; 'felucca image mount' shows where some are"
                              .formatted(target)));
      disk.run(
          "unmount " + target,
          () -> {
            unmount(target, force);
            return true;
          });
      snapshots.remove(scope, view.snapshotter(), view.key());
    }
  }

  private static void unmount(Path target, boolean force) {
    try {
      Mounts.unmount(target.toString(), force ? Mounts.MNT_DETACH : 0);
    } catch (LinuxException e) {
      if (e.is(Errno.EBUSY)) {
        throw EngineException.precondition(
            "somebody works in %s; end what does so ('fuser -vm %s' shows it), or unmount it with --force"
                .formatted(target, target));
      }
      if (!e.is(Errno.EINVAL) && !e.is(Errno.ENOENT)) { // else it went another way
        throw e;
      }
    }
  }

  /**
   * Takes away the views of a namespace that are not mounted: of an engine that was killed in
   * between, or from before a reboot.
   */
  static void sweep(SnapshotService snapshots, Scope scope) {
    List<SnapshotInfo> recorded = recorded(snapshots, scope);
    if (recorded.isEmpty()) {
      return;
    }
    MountTable table = MountTable.read();
    for (SnapshotInfo info : recorded) {
      if (table.mountAt(String.valueOf(info.labels().get(FOLDER_LABEL))).isEmpty()) {
        remove(snapshots, scope, info.snapshotter(), info.key());
        LOG.log(
            Level.INFO,
            "view without its mount removed key={0} folder={1}",
            new Object[] {info.key(), info.labels().get(FOLDER_LABEL)});
      }
    }
  }

  private static void remove(
      SnapshotService snapshots, Scope scope, String snapshotter, String key) {
    boolean interrupted = Thread.interrupted();
    try {
      snapshots.remove(scope, snapshotter, key);
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "view not removed, the next start tries again key=" + key, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
