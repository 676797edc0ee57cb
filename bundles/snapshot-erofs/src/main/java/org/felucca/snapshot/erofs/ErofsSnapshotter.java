package org.felucca.snapshot.erofs;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Dir;
import org.felucca.linux.DiskUsage;
import org.felucca.linux.Errno;
import org.felucca.linux.FileData;
import org.felucca.linux.FileSystemInfo;
import org.felucca.linux.InodeAttributes;
import org.felucca.linux.LinuxException;
import org.felucca.linux.MountInfo;
import org.felucca.linux.MountTable;
import org.felucca.linux.Mounts;
import org.felucca.linux.OpenFlags;
import org.felucca.linux.Trees;
import org.felucca.snapshot.base.Failures;
import org.felucca.snapshot.base.FolderSnapshotter;
import org.felucca.snapshot.base.OverlayMounts;
import org.felucca.snapshot.base.OverlaySupport;
import org.felucca.snapshot.base.RootFolders;
import org.felucca.snapshot.base.SnapshotFolders;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/**
 * Snapshots on overlayfs over erofs: what a snapshot changes is a folder until it is committed, and
 * then one image, {@code layer.erofs}, which is mounted on that folder when it is needed. Overlays
 * hold on to what they were mounted over, so a layer's own mount may go at any time: it goes with
 * the layer and with the engine, but not when this bundle is replaced, since a container may be
 * about to start.
 */
@Component(service = Snapshotter.class, property = Snapshotter.NAME + "=erofs")
public final class ErofsSnapshotter extends FolderSnapshotter {
  private static final Logger LOG = Logger.getLogger(ErofsSnapshotter.class.getName());
  private static final String NAME = "erofs";
  private static final String LAYER = "layer.erofs";
  private static final String COMING = ".new-layer";
  private static final String GOING = ".old-files";
  private static final String CHECK = ".check";
  private static final String TYPE = "erofs";
  private static final long MAGIC = 0xE0F5E1E2L;

  private final ErofsImages images;
  private final Path path;
  private final BooleanSupplier engineStops;
  private final ReentrantLock mounting = new ReentrantLock();
  private volatile List<String> options = List.of();

  /** Works below the engine's root. */
  @Activate
  public ErofsSnapshotter(BundleContext context) {
    this(
        below(context, NAME),
        new ErofsImages(ErofsImages.find(), false),
        () -> context.getBundle(0).getState() == Bundle.STOPPING);
  }

  /** Works in a folder. */
  ErofsSnapshotter(Path folder, ErofsImages images, BooleanSupplier engineStops) {
    super(NAME, folder);
    this.path = folder.toAbsolutePath().normalize();
    this.images = images;
    this.engineStops = engineStops;
  }

  @Override
  @Deactivate
  protected void close() {
    super.close();
    images.close();
    if (engineStops.getAsBoolean()) {
      for (MountInfo mount : MountTable.read().mountsBelow(path.toString())) {
        if (mount.type().equals(TYPE)) {
          unmount(mount.mountPoint());
        }
      }
    }
  }

  private static void unmount(String target) {
    try {
      Mounts.unmountAll(target, Mounts.MNT_DETACH);
    } catch (LinuxException e) {
      LOG.log(Level.WARNING, "layer not unmounted path=" + target, e);
    }
  }

  @Override
  protected String probe(SnapshotFolders opened) {
    if (!images.missing().isEmpty()) {
      return images.missing();
    }
    OverlaySupport overlay = OverlaySupport.of(opened);
    if (!overlay.refusal().isEmpty()) {
      return "overlayfs does not work there: " + overlay.refusal();
    }
    options = overlay.options();
    Dir folder = opened.folder();
    clearCheck(opened);
    try {
      folder.mkdir(CHECK, 0700);
      String check = opened.path() + "/" + CHECK;
      try (Dir dir = folder.enter(CHECK)) {
        dir.mkdir(SnapshotFolders.FILES, 0700);
        try (Dir files = dir.enter(SnapshotFolders.FILES)) {
          images.make(files, check + "/" + SnapshotFolders.FILES, check + "/" + LAYER);
        }
      }
      images.mount(check + "/" + LAYER, check + "/" + SnapshotFolders.FILES);
      return "";
    } catch (LinuxException e) {
      if (Failures.isPassing(e)) {
        throw e;
      }
      return e.is(Errno.ENODEV)
          ? "this kernel has no erofs"
          : "an erofs image can't be mounted: " + e.getMessage();
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.INTERNAL) {
        throw e;
      }
      return String.valueOf(e.getMessage());
    } finally {
      clearCheck(opened);
    }
  }

  private void clearCheck(SnapshotFolders opened) {
    Mounts.unmountAll(opened.path() + "/" + CHECK + "/" + SnapshotFolders.FILES, Mounts.MNT_DETACH);
    Trees.delete(opened.folder(), CHECK);
  }

  @Override
  protected String advice() {
    return "choose another snapshotter";
  }

  @Override
  protected void make(SnapshotRef snapshot, SnapshotFolders opened) {
    opened.make(
        snapshot.id(),
        dir -> {
          SnapshotFolders.makeFiles(
              dir,
              (in, name) -> {
                if (snapshot.ancestors().isEmpty()) {
                  RootFolders.make(in, name, Optional.empty());
                  return;
                }
                String parent = snapshot.ancestors().getFirst();
                show(parent, opened);
                try (Dir files = openShown(parent, opened)) {
                  RootFolders.make(in, name, Optional.of(files));
                }
              });
          if (snapshot.kind() == SnapshotKind.ACTIVE) {
            OverlayMounts.makeWork(dir);
          }
        });
  }

  private static Dir openShown(String id, SnapshotFolders opened) {
    return opened.folder().openDirInRoot(id + "/" + SnapshotFolders.FILES);
  }

  @Override
  protected List<Mount> mount(SnapshotRef snapshot, SnapshotFolders opened) {
    snapshot.ancestors().forEach(id -> show(id, opened));
    if (snapshot.kind() == SnapshotKind.COMMITTED) {
      show(snapshot.id(), opened);
    }
    return OverlayMounts.of(snapshot, opened, options);
  }

  /** Mounts the image of a committed snapshot where its files were, unless it is. */
  private void show(String id, SnapshotFolders opened) {
    mounting.lock();
    try {
      if (!isShown(id, opened) && opened.folder().statIfExists(id).isPresent()) {
        try (Dir dir = opened.folder().enter(id)) {
          if (dir.statIfExists(LAYER).isEmpty()) {
            throw EngineException.notFound(
                "the image of layer %s is not in %s; remove the snapshot and make it again"
                    .formatted(id, opened.path()));
          }
        }
        images.mount(opened.path() + "/" + id + "/" + LAYER, opened.files(id));
      }
    } finally {
      mounting.unlock();
    }
  }

  private static boolean isShown(String id, SnapshotFolders opened) {
    try (Descriptor files =
        opened.folder().openInRoot(id + "/" + SnapshotFolders.FILES, OpenFlags.O_PATH, 0)) {
      return FileSystemInfo.of(files).magic() == MAGIC;
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        return false;
      }
      throw e;
    }
  }

  @Override
  protected SnapshotUsage freeze(SnapshotRef snapshot, SnapshotFolders opened) {
    try (Dir dir = opened.folder().enter(snapshot.id())) {
      if (dir.statIfExists(LAYER).isEmpty()) {
        Trees.delete(dir, COMING);
        String folder = opened.path() + "/" + snapshot.id() + "/";
        try (Dir files = dir.enter(SnapshotFolders.FILES)) {
          images.make(files, folder + SnapshotFolders.FILES, folder + COMING);
        }
        try (Descriptor image = dir.openPath(COMING)) {
          InodeAttributes.chmod(image, 0400);
        }
        dir.rename(COMING, dir, LAYER, Dir.RENAME_NOREPLACE);
        FileData.sync(dir.descriptor());
        FileData.sync(opened.folder().descriptor());
      }
      if (!isShown(snapshot.id(), opened)) {
        dropFiles(dir);
      }
      return count(dir);
    }
  }

  /** What became an image is not needed as a folder any more, only the place to mount it on. */
  private static void dropFiles(Dir dir) {
    Trees.delete(dir, GOING);
    dir.mkdir(GOING, 0700);
    dir.rename(GOING, dir, SnapshotFolders.FILES, Dir.RENAME_EXCHANGE);
    Trees.delete(dir, GOING);
  }

  @Override
  protected SnapshotUsage count(SnapshotRef snapshot, SnapshotFolders opened) {
    try (Dir dir = opened.folder().enter(snapshot.id())) {
      if (dir.statIfExists(LAYER).isPresent()) {
        return count(dir);
      }
      try (Dir files = dir.enter(SnapshotFolders.FILES)) {
        return usageOf(DiskUsage.of(files));
      }
    }
  }

  private static SnapshotUsage count(Dir dir) {
    try (Descriptor image = dir.openName(LAYER, OpenFlags.O_RDONLY, 0)) {
      return new SnapshotUsage(ErofsImages.inodes(image), image.stat().allocated());
    }
  }

  @Override
  protected boolean discard(String name, SnapshotFolders opened) {
    String files = opened.files(name);
    mounting.lock();
    try {
      if (isShown(name, opened)) {
        unmount(files);
      }
    } finally {
      mounting.unlock();
    }
    return super.discard(name, opened);
  }
}
