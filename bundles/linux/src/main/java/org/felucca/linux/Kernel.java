package org.felucca.linux;

import com.sun.jna.LastErrorException;
import java.nio.charset.StandardCharsets;

/** The one place where an error of the C library becomes a {@link LinuxException}. */
final class Kernel {
  private static final byte[] PROC_FD = "/proc/self/fd/".getBytes(StandardCharsets.US_ASCII);
  private static final int EINTR = Errno.EINTR.number();

  /** A call on no descriptor. */
  @FunctionalInterface
  interface Call {
    long run();
  }

  private Kernel() {}

  /** Makes a call, again if a signal interrupted it. */
  static long call(String name, String operand, Call call) {
    while (true) {
      try {
        return call.run();
      } catch (LastErrorException e) {
        if (e.getErrorCode() != EINTR) {
          throw failure(name, operand, e);
        }
      }
    }
  }

  static LinuxException failure(String name, String operand, LastErrorException e) {
    int number = e.getErrorCode();
    return new LinuxException(name, operand, number, hint(name, number));
  }

  private static String hint(String name, int number) {
    return switch (Errno.of(number)) {
      case ENOSYS -> "the kernel lacks " + name + "; Felucca needs Linux 5.12 or later";
      case EMFILE, ENFILE -> "too many files are open, raise LimitNOFILE or fs.file-max";
      default -> "";
    };
  }

  /** {@code /proc/self/fd/N}, ended by NUL. */
  static byte[] procPath(int fd) {
    byte[] digits = Integer.toString(fd).getBytes(StandardCharsets.US_ASCII);
    byte[] path = new byte[PROC_FD.length + digits.length + 1];
    System.arraycopy(PROC_FD, 0, path, 0, PROC_FD.length);
    System.arraycopy(digits, 0, path, PROC_FD.length, digits.length);
    return path;
  }

  /** What an open descriptor stands for, for messages: its path as of now, or its number. */
  static String describe(int fd) {
    byte[] target = new byte[4096];
    try {
      int length = (int) Libc.readlinkat(Libc.AT_FDCWD, procPath(fd), target, target.length);
      return FileNames.decode(target, 0, length);
    } catch (LastErrorException e) {
      return "descriptor " + fd;
    }
  }
}
