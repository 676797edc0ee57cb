package org.felucca.linux;

/** The numbers of a device; 0:0 is none (and, as a character device, overlayfs's whiteout). */
public record DeviceNumber(int major, int minor) {
  public static final DeviceNumber NONE = new DeviceNumber(0, 0);

  public DeviceNumber {
    if (major < 0 || minor < 0) {
      throw new IllegalArgumentException("device number out of range: " + major + ":" + minor);
    }
  }

  long encoded() {
    return (major & 0xFFFFF000L) << 32
        | (major & 0xFFFL) << 8
        | (minor & 0xFFFFFF00L) << 12
        | (minor & 0xFFL);
  }

  @Override
  public String toString() {
    return major + ":" + minor;
  }
}
