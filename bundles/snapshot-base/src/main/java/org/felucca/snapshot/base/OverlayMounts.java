package org.felucca.snapshot.base;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.linux.Dir;

/**
 * Folders over each other by overlayfs (kernel documentation, filesystems/overlayfs.rst). They read
 * as containerd makes them, since clients look into the options.
 */
public final class OverlayMounts {
  private static final String WORK = "work";

  private OverlayMounts() {}

  /** Makes what overlayfs wants beside a folder that it writes to. */
  public static void makeWork(Dir snapshot) {
    if (snapshot.statIfExists(WORK).isEmpty()) {
      snapshot.mkdir(WORK, 0711);
    }
  }

  /**
   * How to mount a snapshot whose own files and whose ancestors' are the folders named {@code fs}.
   *
   * @param common options of every overlay mount on this kernel
   */
  public static List<Mount> of(SnapshotRef snapshot, SnapshotFolders folders, List<String> common) {
    List<String> lowers = new ArrayList<>();
    if (snapshot.kind() == SnapshotKind.COMMITTED || snapshot.ancestors().isEmpty()) {
      lowers.add(folders.files(snapshot.id()));
    }
    snapshot.ancestors().forEach(id -> lowers.add(folders.files(id)));
    boolean writable = snapshot.kind() == SnapshotKind.ACTIVE;
    if (lowers.size() == 1 && (!writable || snapshot.ancestors().isEmpty())) {
      return List.of(bind(lowers.getFirst(), writable));
    }
    List<String> options = new ArrayList<>(common);
    if (writable) {
      options.add("workdir=" + folders.path() + "/" + snapshot.id() + "/" + WORK);
      options.add("upperdir=" + folders.files(snapshot.id()));
    }
    options.add("lowerdir=" + String.join(":", lowers));
    return List.of(new Mount("overlay", "overlay", "", options));
  }

  /** A folder as it is. */
  public static Mount bind(String path, boolean writable) {
    return new Mount("bind", path, "", List.of(writable ? "rw" : "ro", "rbind"));
  }
}
