package org.felucca.snapshot.overlay;

import static org.felucca.linux.OpenFlags.O_PATH;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Dir;
import org.felucca.linux.DirEntry;
import org.felucca.linux.Errno;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.InodeAttributes;
import org.felucca.linux.LinuxException;
import org.felucca.linux.Trees;
import org.felucca.linux.Xattrs;

/**
 * Where snapshots lie: {@code <folder>/<id>/fs} holds what a snapshot changes, {@code
 * <folder>/<id>/work} is the kernel's own. A name that begins with a dot is on its way in or out:
 * what has one is rubbish after a crash. Everything is reached through one descriptor.
 */
final class SnapshotFolders {
  private static final String FILES = "fs";
  private static final String WORK = "work";
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

  Path path() {
    return path;
  }

  Dir folder() {
    return folder;
  }

  String files(String id) {
    return path + "/" + id + "/" + FILES;
  }

  String work(String id) {
    return path + "/" + id + "/" + WORK;
  }

  /**
   * Makes a snapshot's folders, or those that are missing.
   *
   * @param parent the id of the snapshot whose root folder the new one's begins as, if any
   */
  void make(String id, boolean writable, Optional<String> parent) {
    if (folder.statIfExists(id).isEmpty()) {
      String coming = COMING + id;
      Trees.delete(folder, coming);
      folder.mkdir(coming, PRIVATE);
      try (Dir dir = folder.enter(coming)) {
        InodeAttributes.chmod(dir.descriptor(), PRIVATE);
        fill(dir, writable, parent);
      }
      folder.rename(coming, folder, id, Dir.RENAME_NOREPLACE);
      return;
    }
    try (Dir dir = folder.enter(id)) {
      fill(dir, writable, parent);
    }
  }

  private void fill(Dir dir, boolean writable, Optional<String> parent) {
    if (dir.statIfExists(FILES).isEmpty()) {
      String coming = COMING + FILES;
      Trees.delete(dir, coming);
      dir.mkdir(coming, PRIVATE);
      try (Dir files = dir.enter(coming)) {
        InodeAttributes.chmod(files.descriptor(), 0755);
        if (parent.isPresent()) {
          try (Dir snapshot = folder.enter(parent.get());
              Dir from = snapshot.enter(FILES)) {
            copyAttributes(from, files);
          }
        }
      }
      dir.rename(coming, dir, FILES, Dir.RENAME_NOREPLACE);
    }
    if (writable && dir.statIfExists(WORK).isEmpty()) {
      dir.mkdir(WORK, 0711);
    }
  }

  /** The top folder is what shows as the root of the merged tree, so it begins as its parent's. */
  private static void copyAttributes(Dir from, Dir to) {
    FileStat stat = from.stat();
    InodeAttributes.chown(to.descriptor(), stat.uid(), stat.gid());
    for (String name : Xattrs.list(from.descriptor())) {
      if (!name.startsWith("trusted.overlay.") && !name.startsWith("user.overlay.")) {
        Optional<byte[]> value = Xattrs.get(from.descriptor(), name);
        if (value.isPresent()) {
          Xattrs.set(to.descriptor(), name, value.get(), 0);
        }
      }
    }
    InodeAttributes.chmod(to.descriptor(), stat.permissions());
    InodeAttributes.setTimes(to.descriptor(), stat.accessed(), stat.modified());
  }

  /**
   * The folder with a snapshot's files.
   *
   * @throws EngineException NOT_FOUND
   */
  Dir openFiles(String id) {
    try (Dir snapshot = folder.enter(id)) {
      return snapshot.enter(FILES);
    } catch (LinuxException e) {
      throw missing(id, e);
    }
  }

  /** Throws NOT_FOUND unless a snapshot's files are there. */
  void check(String id) {
    try (Descriptor files = folder.openInRoot(id + "/" + FILES, O_PATH, 0)) {
      if (files.stat().type() == FileType.DIRECTORY) {
        return;
      }
    } catch (LinuxException e) {
      throw missing(id, e);
    }
    throw EngineException.notFound("snapshot files " + files(id) + " are no folder");
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
  boolean remove(String id) {
    String going = GOING + id;
    Trees.delete(folder, going, SnapshotFolders::stopIfInterrupted);
    try {
      folder.rename(id, folder, going, Dir.RENAME_NOREPLACE);
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
    return Trees.delete(folder, going, SnapshotFolders::stopIfInterrupted);
  }

  /** Deletes everything but these. */
  int sweep(Set<String> live) {
    int deleted = 0;
    List<DirEntry> entries = folder.list();
    for (DirEntry entry : entries) {
      String name = entry.name();
      if (live.contains(name)) {
        continue;
      }
      if (name.startsWith(".")) {
        deleted += Trees.delete(folder, name, SnapshotFolders::stopIfInterrupted) ? 1 : 0;
      } else {
        deleted += remove(name) ? 1 : 0;
      }
    }
    return deleted;
  }

  static void stopIfInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw EngineException.cancelled("the deletion was cancelled; a sweep finishes it");
    }
  }

  void close() {
    folder.close();
  }
}
