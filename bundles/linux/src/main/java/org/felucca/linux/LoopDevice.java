package org.felucca.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A block device made of a file (loop(4)). It goes by itself when this object is closed and nothing
 * that was mounted from it is mounted any more, so a crash leaves none behind. Needs Linux 5.8.
 */
public final class LoopDevice implements AutoCloseable {
  private static final String CONTROL = "/dev/loop-control";
  private static final long GET_FREE = 0x4C82;
  private static final long CONFIGURE = 0x4C0A;
  // struct loop_config: fd 4, block size 4, struct loop_info64 of 232 with its flags at 52, 64 more
  private static final int CONFIG = 304;
  private static final int FLAGS = 8 + 52;
  private static final int READ_ONLY = 1;
  private static final int AUTOCLEAR = 4;
  private static final int ATTEMPTS = 64;

  private final String path;
  private final Descriptor device;

  private LoopDevice(String path, Descriptor device) {
    this.path = path;
    this.device = device;
  }

  /**
   * Makes a device of a file.
   *
   * @throws LinuxException ENOENT, ENXIO or ENODEV if this machine has no loop devices
   */
  public static LoopDevice of(Descriptor file, boolean readOnly) {
    int access = readOnly ? OpenFlags.O_RDONLY : OpenFlags.O_RDWR;
    byte[] config = new byte[CONFIG];
    ByteBuffer fields = ByteBuffer.wrap(config).order(ByteOrder.nativeOrder());
    fields.putInt(FLAGS, AUTOCLEAR | (readOnly ? READ_ONLY : 0));
    try (Descriptor control = Descriptor.open(CONTROL, OpenFlags.O_RDWR, 0)) {
      for (int attempt = 1; ; attempt++) {
        long number =
            control.call("ioctl LOOP_CTL_GET_FREE", null, fd -> Libc.ioctl(fd, GET_FREE, 0));
        String path = "/dev/loop" + number;
        Descriptor device = Descriptor.open(path, access, 0);
        try {
          device.call(
              "ioctl LOOP_CONFIGURE",
              null,
              fd ->
                  file.call(
                      "ioctl LOOP_CONFIGURE",
                      null,
                      backing -> {
                        fields.putInt(0, backing);
                        return Libc.ioctl(fd, CONFIGURE, config);
                      }));
          return new LoopDevice(path, device);
        } catch (LinuxException e) {
          device.close();
          // Somebody else took the free one meanwhile.
          if (!e.is(Errno.EBUSY) || attempt == ATTEMPTS) {
            throw e;
          }
        }
      }
    }
  }

  /** The device's path, such as {@code /dev/loop3}. */
  public String path() {
    return path;
  }

  @Override
  public void close() {
    device.close();
  }
}
