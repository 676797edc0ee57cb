package org.felucca.snapshot.overlay;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.linux.Dir;
import org.felucca.linux.DiskUsage;
import org.felucca.linux.FileData;
import org.felucca.snapshot.base.FolderSnapshotter;
import org.felucca.snapshot.base.OverlayMounts;
import org.felucca.snapshot.base.OverlaySupport;
import org.felucca.snapshot.base.RootFolders;
import org.felucca.snapshot.base.SnapshotFolders;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Snapshots on overlayfs: each is a folder with what it changes. */
// Immediate: the first container need not wait for the trial.
@Component(
    service = Snapshotter.class,
    immediate = true,
    property = Snapshotter.NAME + "=overlayfs")
public final class OverlaySnapshotter extends FolderSnapshotter {
  private static final String NAME = "overlayfs";

  private volatile List<String> options = List.of();

  /** Works below the engine's root. */
  @Activate
  public OverlaySnapshotter(BundleContext context) {
    this(below(context, NAME));
  }

  /** Works in a folder, which is made if it is missing. */
  OverlaySnapshotter(Path folder) {
    super(NAME, folder);
    probeLater();
  }

  @Override
  @Deactivate
  protected void close() {
    super.close();
  }

  @Override
  protected String probe(SnapshotFolders opened) {
    OverlaySupport support = OverlaySupport.of(opened);
    options = support.options();
    return support.refusal();
  }

  @Override
  protected String advice() {
    return "move the engine's root to ext4 or xfs, or choose another snapshotter";
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
                try (Dir parent = opened.openFiles(snapshot.ancestors().getFirst())) {
                  RootFolders.make(in, name, Optional.of(parent));
                }
              });
          if (snapshot.kind() == SnapshotKind.ACTIVE) {
            OverlayMounts.makeWork(dir);
          }
        });
  }

  @Override
  protected List<Mount> mount(SnapshotRef snapshot, SnapshotFolders opened) {
    return OverlayMounts.of(snapshot, opened, options);
  }

  @Override
  protected SnapshotUsage freeze(SnapshotRef snapshot, SnapshotFolders opened) {
    try (Dir files = opened.openFiles(snapshot.id())) {
      // One pass over the file system: with many files far cheaper than fsync of each.
      FileData.syncFileSystem(files.descriptor());
      return usageOf(DiskUsage.of(files));
    }
  }

  @Override
  protected SnapshotUsage count(SnapshotRef snapshot, SnapshotFolders opened) {
    try (Dir files = opened.openFiles(snapshot.id())) {
      return usageOf(DiskUsage.of(files));
    }
  }
}
