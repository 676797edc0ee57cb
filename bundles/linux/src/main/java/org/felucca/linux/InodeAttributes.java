package org.felucca.linux;

import org.jspecify.annotations.Nullable;

/**
 * Mode, owner and times of an open file, O_PATH or not, so that nothing between look-up and change
 * can be swapped. Change the owner first: chown(2) clears the set-id bits. All calls hold the
 * carrier thread.
 */
public final class InodeAttributes {
  /** Leaves the owner or group as it is. */
  public static final long UNCHANGED = 0xFFFFFFFFL;

  private static final long UTIME_OMIT = (1L << 30) - 2;
  private static final int S_IALL = 07777;

  private InodeAttributes() {}

  /**
   * Sets permissions, set-id and sticky bits.
   *
   * @throws LinuxException EOPNOTSUPP if it is a symbolic link, which has none
   */
  public static void chmod(Descriptor file, int permissions) {
    if ((permissions & ~S_IALL) != 0) {
      throw new LinuxException(
          "fchmod",
          file.toString(),
          Errno.EINVAL,
          "no mode: 0" + Integer.toOctalString(permissions));
    }
    if (!file.pathOnly()) {
      file.call("fchmod", null, fd -> Libc.fchmod(fd, permissions));
      return;
    }
    file.call(
        "fchmodat", null, fd -> Libc.fchmodat(Libc.AT_FDCWD, Kernel.procPath(fd), permissions, 0));
  }

  /**
   * Sets owner and group, of a link itself too.
   *
   * @param uid 0 to 4,294,967,294, or {@link #UNCHANGED}
   * @param gid likewise
   * @throws LinuxException EINVAL if one is out of range
   */
  public static void chown(Descriptor file, long uid, long gid) {
    if (uid < 0 || uid > UNCHANGED || gid < 0 || gid > UNCHANGED) {
      throw new LinuxException(
          "fchownat", file.toString(), Errno.EINVAL, "owner out of range: " + uid + ":" + gid);
    }
    file.call(
        "fchownat",
        null,
        fd -> Libc.fchownat(fd, Descriptor.EMPTY, (int) uid, (int) gid, Libc.AT_EMPTY_PATH));
  }

  /**
   * Sets the times to the nanosecond, of a link itself too; the file system may round or limit
   * them.
   *
   * @param accessed null leaves it
   * @param modified null leaves it
   */
  public static void setTimes(
      Descriptor file, @Nullable Timestamp accessed, @Nullable Timestamp modified) {
    long[] times = {
      accessed == null ? 0 : accessed.seconds(),
      accessed == null ? UTIME_OMIT : accessed.nanos(),
      modified == null ? 0 : modified.seconds(),
      modified == null ? UTIME_OMIT : modified.nanos()
    };
    file.call(
        "utimensat", null, fd -> Libc.utimensat(fd, Descriptor.EMPTY, times, Libc.AT_EMPTY_PATH));
  }
}
