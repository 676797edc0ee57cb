package org.felucca.linux;

import static org.felucca.linux.OpenFlags.O_NOFOLLOW;
import static org.felucca.linux.OpenFlags.O_NONBLOCK;
import static org.felucca.linux.OpenFlags.O_PATH;

/** Named pipes, see fifo(7). */
public final class Fifos {
  private Fifos() {}

  /** Makes a fifo with exactly these permissions, whatever the umask. */
  public static void make(Dir folder, String name, int permissions) {
    folder.mknod(name, FileType.FIFO, permissions, DeviceNumber.NONE);
    try (Descriptor fifo = folder.openPath(name)) {
      if (fifo.stat().type() == FileType.FIFO) {
        InodeAttributes.chmod(fifo, permissions);
      }
    }
  }

  /**
   * Opens a fifo, non-blocking: it never waits for the other side. Whatever else has that name, a
   * link or a device too, is refused without being acted on.
   *
   * @param access O_RDONLY (no writer is needed), O_WRONLY (ENXIO if nobody reads) or O_RDWR (it is
   *     its own other side: there is never an end of file, nor EPIPE)
   * @throws LinuxException EINVAL if it is no fifo
   */
  public static Descriptor open(Dir folder, String name, int access) {
    try (Descriptor file = folder.openPath(name)) {
      return open(file, access);
    }
  }

  /** As {@link #open(Dir, String, int)}; links are followed except in the last component. */
  public static Descriptor open(String path, int access) {
    try (Descriptor file = Descriptor.open(path, O_PATH | O_NOFOLLOW, 0)) {
      return open(file, access);
    }
  }

  private static Descriptor open(Descriptor file, int access) {
    FileType type = file.stat().type();
    if (type != FileType.FIFO) {
      throw new LinuxException(
          "open", file.toString(), Errno.EINVAL, "a fifo is wanted, it is " + type);
    }
    return file.reopen(access | O_NONBLOCK);
  }
}
