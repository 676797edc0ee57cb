package org.felucca.snapshot.overlay;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.linux.Dir;
import org.felucca.linux.DirEntry;
import org.felucca.linux.Errno;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.LinuxException;

/** Counts inodes and allocated bytes of a tree; a file with several names once. */
final class DiskUsage {
  private final Set<Long> seen = new HashSet<>();
  private long inodes;
  private long bytes;

  private DiskUsage() {}

  /** Files that vanish meanwhile are not counted; mounts below are not entered. */
  static SnapshotUsage of(Dir root) {
    DiskUsage usage = new DiskUsage();
    usage.count(root.stat());
    usage.walk(root);
    return new SnapshotUsage(usage.inodes, usage.bytes);
  }

  private void walk(Dir root) {
    // Names are kept instead of descriptors, so that the depth costs memory only.
    Deque<String> folders = new ArrayDeque<>();
    folders.add("");
    while (!folders.isEmpty()) {
      String path = folders.removeLast();
      try (Dir dir = path.isEmpty() ? root.openDirInRoot(".") : root.openDirInRoot(path)) {
        for (DirEntry entry : dir.list()) {
          if (Thread.currentThread().isInterrupted()) {
            throw EngineException.cancelled("counting the snapshot's files was cancelled");
          }
          visit(dir, path, entry, folders);
        }
      } catch (LinuxException e) {
        if (!gone(e)) {
          throw Failures.of("count the files of " + root, e);
        }
      }
    }
  }

  private void visit(Dir dir, String path, DirEntry entry, Deque<String> folders) {
    try {
      FileStat stat = dir.stat(entry.name());
      if (stat.mountRoot()) {
        return;
      }
      count(stat);
      if (stat.type() == FileType.DIRECTORY) {
        folders.add(path.isEmpty() ? entry.name() : path + "/" + entry.name());
      }
    } catch (LinuxException e) {
      if (!gone(e)) {
        throw e;
      }
    }
  }

  private static boolean gone(LinuxException e) {
    return e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP);
  }

  private void count(FileStat stat) {
    if (stat.links() > 1 && stat.type() != FileType.DIRECTORY && !seen.add(stat.inode())) {
      return;
    }
    inodes++;
    bytes += stat.allocated();
  }
}
