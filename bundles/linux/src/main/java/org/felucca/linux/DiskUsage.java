package org.felucca.linux;

import java.util.HashSet;
import java.util.Set;

/**
 * What a tree takes on the disk, the folder itself included. A file with several names counts once,
 * what is mounted below does not count.
 *
 * @param bytes allocated, in whole blocks
 * @param inodes files, folders, links and so on
 * @param length bytes of the regular files as they read, holes included
 */
public record DiskUsage(long bytes, long inodes, long length) {
  private static final long BCACHEFS = 0xca451a4eL;

  /** File systems with reflinks. */
  private static final Set<Long> SHARING =
      Set.of(FileSystemInfo.BTRFS, FileSystemInfo.XFS, BCACHEFS);

  private record Identity(DeviceNumber device, long inode) {}

  /**
   * Adds a tree up. What vanishes meanwhile is left out. Runs as long as the tree is large and
   * holds the thread; interrupting ends it (EINTR).
   */
  public static DiskUsage of(Dir folder) {
    return of(folder, false);
  }

  /** As {@link #of(Dir)}, blocks that files share with others (reflinks) not counted. */
  public static DiskUsage ofExclusive(Dir folder) {
    return of(folder, SHARING.contains(FileSystemInfo.of(folder.descriptor()).magic()));
  }

  private static DiskUsage of(Dir folder, boolean exclusive) {
    Sum sum = new Sum(exclusive);
    TreeWalk.walk(folder, sum);
    return new DiskUsage(sum.bytes, sum.inodes, sum.length);
  }

  /** As {@link #of(Dir)}, for a path that the caller trusts. */
  public static DiskUsage of(String folder) {
    try (Dir dir = Dir.open(folder)) {
      return of(dir);
    }
  }

  private static final class Sum implements TreeWalk.Visitor {
    private final Set<Identity> seen = new HashSet<>();
    private final boolean exclusive;
    private long bytes;
    private long length;
    private long inodes;

    Sum(boolean exclusive) {
      this.exclusive = exclusive;
    }

    @Override
    public void file(Dir parent, String name) {
      stopIfInterrupted(parent);
      parent
          .statIfExists(name)
          .ifPresent(stat -> add(stat, exclusive ? exclusive(parent, name, stat) : -1));
    }

    private static long exclusive(Dir parent, String name, FileStat stat) {
      if (stat.type() != FileType.REGULAR || stat.blocks() == 0) {
        return -1;
      }
      try (Descriptor file = parent.openPath(name);
          Descriptor content = file.reopen(OpenFlags.O_RDONLY)) {
        return FileData.exclusiveBytes(content);
      } catch (LinuxException e) {
        if (e.is(Errno.ENOENT)) {
          return -1;
        }
        throw e;
      }
    }

    @Override
    public void enter(Dir folder, String name) {
      stopIfInterrupted(folder);
      add(folder.stat(), -1);
    }

    @Override
    public void failed(LinuxException e) {
      if (!e.is(Errno.EXDEV) && !e.is(Errno.ENOENT)) {
        throw e;
      }
    }

    private static void stopIfInterrupted(Dir folder) {
      if (Thread.currentThread().isInterrupted()) {
        throw new LinuxException(
            "statx", folder.toString(), Errno.EINTR, "the thread was interrupted");
      }
    }

    /** Adds a file, with the bytes that are its alone if they are known. */
    private void add(FileStat stat, long alone) {
      boolean severalNames = stat.links() > 1 && stat.type() != FileType.DIRECTORY;
      if (!severalNames || seen.add(new Identity(stat.device(), stat.inode()))) {
        bytes += alone < 0 ? stat.allocated() : alone;
        length += stat.type() == FileType.REGULAR ? stat.size() : 0;
        inodes++;
      }
    }
  }
}
