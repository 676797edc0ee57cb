package org.felucca.linux;

/** Attributes of a mount, as opposed to its file system: MOUNT_ATTR_... of mount_setattr(2). */
public final class MountAttributes {
  public static final long RDONLY = 0x01;
  public static final long NOSUID = 0x02;
  public static final long NODEV = 0x04;
  public static final long NOEXEC = 0x08;
  public static final long NOATIME = 0x10;
  public static final long STRICTATIME = 0x20;
  public static final long NODIRATIME = 0x80;
  public static final long NOSYMFOLLOW = 0x200000;

  /** To be cleared together with setting one of NOATIME, STRICTATIME or neither (relatime). */
  public static final long ATIME_MASK = 0x70;

  static final long IDMAP = 0x100000;

  private MountAttributes() {}
}
