package org.felucca.snapshot.copies;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.linux.Dir;
import org.felucca.linux.DiskUsage;
import org.felucca.linux.FileData;
import org.felucca.linux.TreeCopy;
import org.felucca.linux.Trees;
import org.felucca.snapshot.base.CopyingSnapshotter;
import org.felucca.snapshot.base.Failures;
import org.felucca.snapshot.base.RootFolders;
import org.felucca.snapshot.base.SnapshotFolders;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/**
 * Snapshots that are whole copies: they work on every file system, also where overlayfs does not.
 * Where the file system can (btrfs, xfs), the copies share their blocks (reflink).
 */
@Component(service = Snapshotter.class, property = Snapshotter.NAME + "=native")
public final class NativeSnapshotter extends CopyingSnapshotter {
  private static final String NAME = "native";
  private static final Duration SETTLE = Duration.ofSeconds(5);

  private final Unsettled unsettled;

  /** Works below the engine's root. */
  @Activate
  public NativeSnapshotter(BundleContext context) {
    this(below(context, NAME), Unsettled.ofThisBoot(SETTLE));
  }

  /** Works in a folder. */
  NativeSnapshotter(Path folder, Unsettled unsettled) {
    super(NAME, folder);
    this.unsettled = unsettled;
  }

  @Override
  @Deactivate
  protected void close() {
    unsettled.close();
    super.close();
  }

  @Override
  protected void opened(SnapshotFolders opened) {
    if (unsettled.find(opened)) {
      settleLater(opened);
    }
  }

  private void settleLater(SnapshotFolders opened) {
    unsettled.settleLater(() -> later(() -> unsettled.settle(opened)));
  }

  @Override
  protected String probe(SnapshotFolders opened) {
    return "";
  }

  @Override
  protected String advice() {
    return "choose another snapshotter";
  }

  @Override
  protected void make(SnapshotRef snapshot, SnapshotFolders opened) {
    super.make(snapshot, opened);
    unsettled.made(snapshot.id());
    settleLater(opened);
  }

  @Override
  protected void copy(Dir parent, Dir snapshot, String name) {
    unsettled.mark(snapshot);
    RootFolders.make(snapshot, name, Optional.empty());
    try (Dir files = snapshot.enter(name)) {
      TreeCopy.copy(parent, files, Failures::stopIfInterrupted);
    }
  }

  @Override
  protected void makeEmpty(Dir snapshot, String name) {
    RootFolders.make(snapshot, name, Optional.empty());
  }

  @Override
  protected List<Mount> mount(SnapshotRef snapshot, SnapshotFolders opened) {
    if (unsettled.lost(opened, snapshot.id())) {
      try (Dir dir = opened.folder().enter(snapshot.id())) {
        Trees.delete(dir, SnapshotFolders.FILES);
      }
      Unsettled.unmark(opened, snapshot.id());
      make(snapshot, opened);
    }
    return super.mount(snapshot, opened);
  }

  @Override
  protected SnapshotUsage freeze(SnapshotRef snapshot, SnapshotFolders opened) {
    try (Dir files = opened.openFiles(snapshot.id())) {
      FileData.syncFileSystem(files.descriptor());
    }
    unsettled.settled(opened, snapshot.id());
    return count(snapshot, opened);
  }

  @Override
  protected boolean discard(String name, SnapshotFolders opened) {
    unsettled.forget(name);
    return super.discard(name, opened);
  }

  @Override
  protected SnapshotUsage count(SnapshotRef snapshot, SnapshotFolders opened) {
    try (Dir files = opened.openFiles(snapshot.id())) {
      return usageOf(DiskUsage.ofExclusive(files));
    }
  }
}
