package org.felucca.linux;

import java.util.HashSet;
import java.util.Set;

/**
 * What a tree takes on the disk, the folder itself included. A file with several names counts once,
 * what is mounted below does not count.
 *
 * @param bytes allocated, in whole blocks
 * @param inodes files, folders, links and so on
 */
public record DiskUsage(long bytes, long inodes) {
  private record Identity(DeviceNumber device, long inode) {}

  /**
   * Adds a tree up. What vanishes meanwhile is left out. Runs as long as the tree is large and
   * holds the thread; interrupting ends it (EINTR).
   */
  public static DiskUsage of(Dir folder) {
    Sum sum = new Sum();
    TreeWalk.walk(folder, sum);
    return new DiskUsage(sum.bytes, sum.inodes);
  }

  /** As {@link #of(Dir)}, for a path that the caller trusts. */
  public static DiskUsage of(String folder) {
    try (Dir dir = Dir.open(folder)) {
      return of(dir);
    }
  }

  private static final class Sum implements TreeWalk.Visitor {
    private final Set<Identity> seen = new HashSet<>();
    private long bytes;
    private long inodes;

    @Override
    public void file(Dir parent, String name) {
      stopIfInterrupted(parent);
      parent.statIfExists(name).ifPresent(this::add);
    }

    @Override
    public void enter(Dir folder) {
      stopIfInterrupted(folder);
      add(folder.stat());
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

    private void add(FileStat stat) {
      boolean severalNames = stat.links() > 1 && stat.type() != FileType.DIRECTORY;
      if (!severalNames || seen.add(new Identity(stat.device(), stat.inode()))) {
        bytes += stat.allocated();
        inodes++;
      }
    }
  }
}
