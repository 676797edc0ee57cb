package org.felucca.snapshot.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.linux.Dir;
import org.felucca.linux.DirEntry;
import org.felucca.linux.Errno;
import org.felucca.linux.FileSystemInfo;
import org.felucca.linux.FileType;
import org.felucca.linux.InodeAttributes;
import org.felucca.linux.LinuxException;
import org.felucca.linux.Subvolumes;
import org.felucca.linux.Trees;

/**
 * Where snapshots lie: {@code <folder>/<id>/fs} holds the files of a snapshot or what it changes. A
 * name that begins with a dot is on its way in or out: what has one is rubbish after a crash.
 * Everything is reached through one descriptor.
 */
public final class SnapshotFolders {
  /** Where in a snapshot's folder its files are. */
  public static final String FILES = "fs";

  private static final String COMING = ".new-";
  private static final String GOING = ".old-";
  // Nobody but root may look into other people's files, or run the set-id programs among them.
  private static final int PRIVATE = 0700;

  private final Path path;
  private final Dir folder;

  private SnapshotFolders(Path path, Dir folder) {
    this.path = path;
    this.folder = folder;
  }

  /** Opens the folder, makes it if it is missing, and sees to it that it is root's alone. */
  static SnapshotFolders open(Path path) throws IOException {
    Files.createDirectories(
        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Dir folder = Dir.open(path.toString());
    try {
      InodeAttributes.chmod(folder.descriptor(), PRIVATE);
    } catch (LinuxException e) {
      folder.close();
      throw e;
    }
    return new SnapshotFolders(path, folder);
  }

  /** Where the folder is. */
  public Path path() {
    return path;
  }

  /** The folder. */
  public Dir folder() {
    return folder;
  }

  /** The path of a snapshot's files. */
  public String files(String id) {
    return path + "/" + id + "/" + FILES;
  }

  /** Makes what a snapshot's folder must have, or what of it is missing. */
  @FunctionalInterface
  public interface Filling {
    /**
     * Fills.
     *
     * @param snapshot the snapshot's folder, perhaps filled in part
     */
    void fill(Dir snapshot);
  }

  /** Makes a snapshot's folder: seen when it is whole. If it is there, what is missing is made. */
  public void make(String id, Filling filling) {
    if (folder.statIfExists(id).isEmpty()) {
      String coming = COMING + id;
      discard(coming);
      folder.mkdir(coming, PRIVATE);
      try (Dir dir = folder.enter(coming)) {
        InodeAttributes.chmod(dir.descriptor(), PRIVATE);
        filling.fill(dir);
      }
      folder.rename(coming, folder, id, Dir.RENAME_NOREPLACE);
      return;
    }
    try (Dir dir = folder.enter(id)) {
      filling.fill(dir);
    }
  }

  /** A way to make something under a name of its own. */
  @FunctionalInterface
  public interface Making {
    /** Makes it in the snapshot's folder under that name. */
    void make(Dir snapshot, String name);
  }

  /** Makes the folder with a snapshot's files unless it is there: seen when it is whole. */
  public static void makeFiles(Dir snapshot, Making making) {
    if (snapshot.statIfExists(FILES).isEmpty()) {
      String coming = COMING + FILES;
      discard(snapshot, coming);
      making.make(snapshot, coming);
      snapshot.rename(coming, snapshot, FILES, Dir.RENAME_NOREPLACE);
    }
  }

  /**
   * The folder with a snapshot's files.
   *
   * @throws EngineException NOT_FOUND
   */
  public Dir openFiles(String id) {
    try (Dir snapshot = folder.enter(id)) {
      return snapshot.enter(FILES);
    } catch (LinuxException e) {
      throw missing(id, e);
    }
  }

  /** Throws NOT_FOUND unless a snapshot's files are there. */
  public void check(String id) {
    try {
      folder.checkDirInRoot(id + "/" + FILES);
    } catch (LinuxException e) {
      throw missing(id, e);
    }
  }

  private EngineException missing(String id, LinuxException e) {
    if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
      return new EngineException(
          org.felucca.api.ErrorKind.NOT_FOUND,
          "the files of snapshot %s are not in %s; remove the snapshot and make it again"
              .formatted(id, path),
          e);
    }
    return Failures.of("open the files of snapshot " + id, e);
  }

  /**
   * Deletes a snapshot's folder: out of the way first, so that a crash leaves rubbish and no half
   * snapshot.
   */
  public boolean remove(String id) {
    discard(COMING + id);
    String going = GOING + id;
    discard(going);
    try {
      folder.rename(id, folder, going, Dir.RENAME_NOREPLACE);
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
    return discard(going);
  }

  /** The names in the folder that are neither of these nor belong to one of them. */
  public List<String> others(Set<String> live) {
    return folder.list().stream().map(DirEntry::name).filter(name -> !live.contains(name)).toList();
  }

  /** Deletes one of {@link #others}. */
  public boolean discardOther(String name) {
    return name.startsWith(".") ? discard(name) : remove(name);
  }

  private boolean discard(String name) {
    return discard(folder, name);
  }

  private static boolean discard(Dir parent, String name) {
    if (parent.statIfExists(name).isEmpty()) {
      return false;
    }
    if (FileSystemInfo.of(parent.descriptor()).magic() == FileSystemInfo.BTRFS) {
      discardSubvolumes(parent, name);
    }
    return Trees.delete(parent, name, Failures::stopIfInterrupted);
  }

  /** A snapshot's files may be a subvolume, which goes faster as one. */
  private static void discardSubvolumes(Dir parent, String name) {
    if (parent.stat(name).type() != FileType.DIRECTORY) {
      return;
    }
    if (isSubvolume(parent, name)) {
      Subvolumes.delete(parent, name, Failures::stopIfInterrupted);
      return;
    }
    try (Dir dir = parent.enter(name)) {
      for (DirEntry entry : dir.list()) {
        if (isSubvolume(dir, entry.name())) {
          Subvolumes.delete(dir, entry.name(), Failures::stopIfInterrupted);
        }
      }
    }
  }

  private static boolean isSubvolume(Dir parent, String name) {
    if (parent.stat(name).type() != FileType.DIRECTORY) {
      return false;
    }
    try (Dir dir = parent.enter(name)) {
      return Subvolumes.isSubvolume(dir);
    }
  }

  void close() {
    folder.close();
  }
}
