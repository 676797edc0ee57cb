package org.felucca.linux;

/**
 * What statx(2) tells of a file.
 *
 * @param permissions the mode without the type: permissions, set-id and sticky bits (07777)
 * @param uid owner, 0 to 4,294,967,294
 * @param gid group, likewise
 * @param links how many names it has
 * @param size in bytes
 * @param blocks allocated, in units of 512 bytes
 * @param accessed last access
 * @param modified last change of the content
 * @param changed last change of the inode
 * @param node the numbers of the device that this file is, {@link DeviceNumber#NONE} for others
 * @param device the device that holds the file
 * @param inode unique on that device
 * @param mountId of the mount that it was reached through, as in {@link MountInfo#id}; 0 if the
 *     kernel does not tell (before 5.8)
 * @param mountRoot whether it is the root of a mount; false if the kernel does not tell
 */
public record FileStat(
    FileType type,
    int permissions,
    long uid,
    long gid,
    long links,
    long size,
    long blocks,
    Timestamp accessed,
    Timestamp modified,
    Timestamp changed,
    DeviceNumber node,
    DeviceNumber device,
    long inode,
    long mountId,
    boolean mountRoot) {
  static final int MASK = 0x7ff | 0x1000;
  static final int FLAGS = Libc.AT_EMPTY_PATH | Libc.AT_SYMLINK_NOFOLLOW | 0x800;
  private static final long ATTRIBUTE_MOUNT_ROOT = 0x2000;

  static long[] buffer() {
    return new long[32];
  }

  /** Reads struct statx, little-endian on both processors. */
  static FileStat of(long[] statx) {
    int mode = (int) (statx[3] >>> 32) & 0xFFFF;
    boolean mountKnown = (statx[0] & 0x1000) != 0;
    return new FileStat(
        FileType.ofMode(mode),
        mode & 07777,
        statx[2] >>> 32,
        statx[3] & 0xFFFFFFFFL,
        statx[2] & 0xFFFFFFFFL,
        statx[5],
        statx[6],
        new Timestamp(statx[8], (int) statx[9]),
        new Timestamp(statx[14], (int) statx[15]),
        new Timestamp(statx[12], (int) statx[13]),
        new DeviceNumber((int) statx[16], (int) (statx[16] >>> 32)),
        new DeviceNumber((int) statx[17], (int) (statx[17] >>> 32)),
        statx[4],
        mountKnown ? statx[18] : 0,
        (statx[1] & statx[7] & ATTRIBUTE_MOUNT_ROOT) != 0);
  }

  /** The whole st_mode: type and permissions. */
  public int mode() {
    return type.bits() | permissions;
  }

  /** Bytes on the disk. */
  public long allocated() {
    return blocks * 512;
  }

  /** Whether both are the same inode of the same device. */
  public boolean sameFile(FileStat other) {
    return inode == other.inode && device.equals(other.device);
  }
}
