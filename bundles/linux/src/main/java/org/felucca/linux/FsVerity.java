package org.felucca.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** fs-verity: a file that can't change any more, and whose reads the kernel checks. */
public final class FsVerity {
  private static final long ENABLE = 0x40806685L;
  // struct fsverity_enable_arg: version 4, algorithm 4, block size 4, and no salt or signature
  private static final int ARGUMENT = 128;
  private static final int SHA256 = 1;
  private static final int BLOCK = 4096;

  private FsVerity() {}

  /**
   * Turns it on for ever. Reads the whole file.
   *
   * @param file opened for reading; nobody may have it open for writing (ETXTBSY)
   * @return false if the file system or the kernel has none
   */
  public static boolean enable(Descriptor file) {
    byte[] argument = new byte[ARGUMENT];
    ByteBuffer fields = ByteBuffer.wrap(argument).order(ByteOrder.nativeOrder());
    fields.putInt(0, 1).putInt(4, SHA256).putInt(8, BLOCK);
    try {
      file.call("ioctl ENABLE_VERITY", null, fd -> Libc.ioctl(fd, ENABLE, argument));
      return true;
    } catch (LinuxException e) {
      return switch (e.errno()) {
        case EEXIST -> true;
        case EOPNOTSUPP, ENOTTY, ENOPKG, EINVAL, ENOSYS -> false;
        default -> throw e;
      };
    }
  }
}
