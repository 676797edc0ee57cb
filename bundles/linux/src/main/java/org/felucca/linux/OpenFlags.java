package org.felucca.linux;

/**
 * Flags of open(2). O_CLOEXEC is missing: every descriptor of this package has it. The values of
 * four flags differ between x86_64 and aarch64.
 */
public final class OpenFlags {
  public static final int O_RDONLY = 0;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0100;
  public static final int O_EXCL = 0200;
  public static final int O_NOCTTY = 0400;
  public static final int O_TRUNC = 01000;
  public static final int O_APPEND = 02000;
  public static final int O_NONBLOCK = 04000;
  public static final int O_DSYNC = 010000;
  public static final int O_NOATIME = 01000000;
  public static final int O_PATH = 010000000;

  /** Fail with ENOTDIR if it is no folder. */
  public static final int O_DIRECTORY = Machine.AARCH64 ? 040000 : 0200000;

  /** Fail with ELOOP if the last component is a link (with O_PATH: open the link itself). */
  public static final int O_NOFOLLOW = Machine.AARCH64 ? 0100000 : 0400000;

  /** Bypass the page cache. */
  public static final int O_DIRECT = Machine.AARCH64 ? 0200000 : 040000;

  /** A nameless file in the folder that is opened; link it with {@link Dir#link}. */
  public static final int O_TMPFILE = 020000000 | O_DIRECTORY;

  static final int O_CLOEXEC = 02000000;

  private OpenFlags() {}

  static boolean creates(int flags) {
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  }
}
