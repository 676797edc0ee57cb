package org.felucca.snapshot.base;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.linux.Dir;

/**
 * A snapshotter whose snapshots hold all that is seen in them: a writable one begins as a copy of
 * its parent, of whatever kind, and is then a folder to be bound. A view is its parent's folder.
 */
public abstract class CopyingSnapshotter extends FolderSnapshotter {
  /** As {@link FolderSnapshotter}'s. */
  protected CopyingSnapshotter(String name, Path path) {
    super(name, path);
  }

  /** Makes a copy of a parent's files under a name in the snapshot's folder. */
  protected abstract void copy(Dir parent, Dir snapshot, String name);

  /** Makes empty files under a name in the snapshot's folder. */
  protected abstract void makeEmpty(Dir snapshot, String name);

  @Override
  protected void make(SnapshotRef snapshot, SnapshotFolders opened) {
    Optional<String> parent = snapshot.ancestors().stream().findFirst();
    opened.make(
        snapshot.id(),
        dir ->
            SnapshotFolders.makeFiles(
                dir,
                (in, name) -> {
                  if (parent.isPresent() && snapshot.kind() == SnapshotKind.ACTIVE) {
                    try (Dir files = opened.openFiles(parent.get())) {
                      copy(files, in, name);
                    }
                  } else {
                    makeEmpty(in, name);
                  }
                }));
  }

  @Override
  protected List<Mount> mount(SnapshotRef snapshot, SnapshotFolders opened) {
    String shown =
        snapshot.kind() == SnapshotKind.VIEW && !snapshot.ancestors().isEmpty()
            ? snapshot.ancestors().getFirst()
            : snapshot.id();
    return List.of(OverlayMounts.bind(opened.files(shown), snapshot.kind() == SnapshotKind.ACTIVE));
  }
}
