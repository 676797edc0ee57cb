package org.felucca.linux;

import java.util.Map;

/**
 * What statfs(2) tells of the file system that holds a file.
 *
 * @param magic its type, see the constants
 * @param blockSize in bytes
 * @param totalBytes its size
 * @param freeBytes what is not in use
 * @param availableBytes what others than root may still use of that
 * @param totalInodes 0 if it has no such limit
 * @param freeInodes likewise
 * @param flags ST_RDONLY (1), ST_NOSUID (2) ... of the mount
 */
public record FileSystemInfo(
    long magic,
    long blockSize,
    long totalBytes,
    long freeBytes,
    long availableBytes,
    long totalInodes,
    long freeInodes,
    long flags) {
  public static final long OVERLAYFS = 0x794c7630L;
  public static final long TMPFS = 0x01021994L;
  public static final long EXT4 = 0xEF53L;
  public static final long XFS = 0x58465342L;
  public static final long BTRFS = 0x9123683EL;
  public static final long CGROUP = 0x27e0ebL;
  public static final long CGROUP2 = 0x63677270L;

  private static final Map<Long, String> NAMES =
      Map.ofEntries(
          Map.entry(OVERLAYFS, "overlay"),
          Map.entry(TMPFS, "tmpfs"),
          Map.entry(EXT4, "ext4"),
          Map.entry(XFS, "xfs"),
          Map.entry(BTRFS, "btrfs"),
          Map.entry(CGROUP, "cgroup"),
          Map.entry(CGROUP2, "cgroup2"),
          Map.entry(0xE0F5E1E2L, "erofs"),
          Map.entry(0xF2F52010L, "f2fs"),
          Map.entry(0x65735546L, "fuse"),
          Map.entry(0x6969L, "nfs"),
          Map.entry(0x9fa0L, "proc"),
          Map.entry(0x858458f6L, "ramfs"),
          Map.entry(0x73717368L, "squashfs"),
          Map.entry(0x62656572L, "sysfs"),
          Map.entry(0xca451a4eL, "bcachefs"),
          Map.entry(0x2fc12fc1L, "zfs"));

  /** Asks for a path that the caller trusts; links are followed. */
  public static FileSystemInfo of(String path) {
    try (Descriptor file = Descriptor.open(path, OpenFlags.O_PATH, 0)) {
      return of(file);
    }
  }

  /** Asks for an open file. */
  public static FileSystemInfo of(Descriptor file) {
    long[] statfs = new long[15];
    file.call("fstatfs", null, fd -> Libc.fstatfs(fd, statfs));
    long unit = statfs[9] != 0 ? statfs[9] : statfs[1];
    return new FileSystemInfo(
        statfs[0],
        statfs[1],
        statfs[2] * unit,
        statfs[3] * unit,
        statfs[4] * unit,
        statfs[5],
        statfs[6],
        statfs[10]);
  }

  /** Its usual name, or the number in hexadecimal. */
  public String name() {
    return NAMES.getOrDefault(magic, "0x" + Long.toHexString(magic));
  }

  public boolean readOnly() {
    return (flags & 1) != 0;
  }

  /**
   * Whether listings tell the type of each name (d_type), without which overlayfs refuses a folder.
   * Makes a file there and removes it.
   */
  public static boolean tellsEntryTypes(Dir folder) {
    String name = ".felucca-type-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    folder.mknod(name, FileType.REGULAR, 0600, DeviceNumber.NONE);
    try {
      return folder.list().stream()
          .filter(entry -> entry.name().equals(name))
          .anyMatch(entry -> entry.type() == FileType.REGULAR);
    } finally {
      folder.unlink(name);
    }
  }
}
