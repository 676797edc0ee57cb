package org.felucca.linux;

/** How openat2(2) may walk a path; values can be or-ed. */
public final class Resolve {
  /** Not across a mount point, bind mounts included. */
  public static final long NO_XDEV = 0x01;

  /** Not through links of /proc that lead anywhere. */
  public static final long NO_MAGICLINKS = 0x02;

  /** Not through any link; with O_PATH and O_NOFOLLOW the last component may be one. */
  public static final long NO_SYMLINKS = 0x04;

  /** Fail with EXDEV as soon as the walk would leave the folder. */
  public static final long BENEATH = 0x08;

  /** Take the folder for the root: absolute links and too many {@code ..} end in it. */
  public static final long IN_ROOT = 0x10;

  private Resolve() {}
}
