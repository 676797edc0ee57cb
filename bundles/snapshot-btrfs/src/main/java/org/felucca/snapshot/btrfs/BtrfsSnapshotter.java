package org.felucca.snapshot.btrfs;

import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.linux.Dir;
import org.felucca.linux.DiskUsage;
import org.felucca.linux.FileData;
import org.felucca.linux.FileSystemInfo;
import org.felucca.linux.InodeAttributes;
import org.felucca.linux.LinuxException;
import org.felucca.linux.MountInfo;
import org.felucca.linux.MountTable;
import org.felucca.linux.Subvolumes;
import org.felucca.snapshot.base.CopyingSnapshotter;
import org.felucca.snapshot.base.SnapshotFolders;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/**
 * Snapshots as btrfs makes them: a writable one is a snapshot of its parent's subvolume, whatever
 * the parent's size, and a committed one is read-only. A subvolume that a container makes within
 * its own goes with it, and is an empty folder in what is made from it.
 */
@Component(service = Snapshotter.class, property = Snapshotter.NAME + "=btrfs")
public final class BtrfsSnapshotter extends CopyingSnapshotter {
  private static final String NAME = "btrfs";
  private static final String CHECK = ".check";

  /** Works below the engine's root. */
  @Activate
  public BtrfsSnapshotter(BundleContext context) {
    this(below(context, NAME));
  }

  /** Works in a folder. */
  BtrfsSnapshotter(Path folder) {
    super(NAME, folder);
  }

  @Override
  @Deactivate
  protected void close() {
    super.close();
  }

  @Override
  protected String probe(SnapshotFolders opened) {
    Dir folder = opened.folder();
    FileSystemInfo below = FileSystemInfo.of(folder.descriptor());
    if (below.magic() != FileSystemInfo.BTRFS) {
      return "it lies on %s, not on btrfs".formatted(below.name());
    }
    try {
      Subvolumes.delete(folder, CHECK, () -> {});
      Subvolumes.create(folder, CHECK);
      Subvolumes.delete(folder, CHECK, () -> {});
      return "";
    } catch (LinuxException e) {
      return "subvolumes can't be made and deleted: " + e.getMessage();
    }
  }

  @Override
  protected String advice() {
    return "put the engine's root on btrfs, or choose another snapshotter";
  }

  @Override
  protected void copy(Dir parent, Dir snapshot, String name) {
    Subvolumes.snapshot(parent, snapshot, name);
  }

  @Override
  protected void makeEmpty(Dir snapshot, String name) {
    Subvolumes.create(snapshot, name);
    try (Dir files = snapshot.enter(name)) {
      InodeAttributes.chmod(files.descriptor(), 0755);
    }
  }

  @Override
  protected SnapshotUsage freeze(SnapshotRef snapshot, SnapshotFolders opened) {
    try (Dir files = opened.openFiles(snapshot.id())) {
      FileData.syncFileSystem(files.descriptor());
      Subvolumes.setReadOnly(files, true); // which commits to the disk
      return usageOf(own(files, snapshot));
    }
  }

  @Override
  protected SnapshotUsage count(SnapshotRef snapshot, SnapshotFolders opened) {
    try (Dir files = opened.openFiles(snapshot.id())) {
      FileData.syncFileSystem(files.descriptor());
      return usageOf(own(files, snapshot));
    }
  }

  private static DiskUsage own(Dir files, SnapshotRef snapshot) {
    return Subvolumes.own(files, snapshot.ancestors().isEmpty());
  }

  @Override
  protected boolean discard(String name, SnapshotFolders opened) {
    // Deleting a subvolume would take what is mounted in it away without a word.
    List<MountInfo> busy = MountTable.read().mountsBelow(opened.path() + "/" + name);
    if (!busy.isEmpty()) {
      throw EngineException.precondition(
          "%s is mounted in it; unmount that first".formatted(busy.getFirst().mountPoint()));
    }
    return super.discard(name, opened);
  }
}
