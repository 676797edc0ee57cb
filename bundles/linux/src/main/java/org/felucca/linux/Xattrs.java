package org.felucca.linux;

import com.sun.jna.LastErrorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Extended attributes of an open file, O_PATH or not, of a symbolic link itself too (opened by
 * {@link Dir#openPath}). They go through /proc/self/fd, which reaches exactly the inode that is
 * open. All calls hold the carrier thread.
 */
public final class Xattrs {
  /** Fail with EEXIST if it is there. */
  public static final int XATTR_CREATE = 1;

  /** Fail with ENODATA if it is not. */
  public static final int XATTR_REPLACE = 2;

  private static final int FIRST_TRY = 256;
  private static final int MOST = 64 * 1024;

  private Xattrs() {}

  /**
   * Sets an attribute.
   *
   * @param name with its prefix, as {@code security.capability}
   * @param flags 0, {@link #XATTR_CREATE} or {@link #XATTR_REPLACE}
   * @throws LinuxException EOPNOTSUPP if the file system has none of that prefix, EPERM for {@code
   *     user.} on links and devices
   */
  public static void set(Descriptor file, String name, byte[] value, int flags) {
    byte[] bytes = FileNames.terminated(name);
    file.call(
        "setxattr",
        name,
        fd -> Libc.setxattr(Kernel.procPath(fd), bytes, value, value.length, flags));
  }

  /** The value of an attribute, empty if it has none of that name. */
  public static Optional<byte[]> get(Descriptor file, String name) {
    byte[] bytes = FileNames.terminated(name);
    try {
      return Optional.of(
          grow(file, "getxattr", name, (path, b) -> Libc.getxattr(path, bytes, b, b.length)));
    } catch (LinuxException e) {
      if (e.is(Errno.ENODATA)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** The names of all attributes; empty too if the file system has none at all. */
  public static List<String> list(Descriptor file) {
    byte[] list;
    try {
      list = grow(file, "listxattr", null, (path, b) -> Libc.listxattr(path, b, b.length));
    } catch (LinuxException e) {
      if (e.is(Errno.EOPNOTSUPP)) {
        return List.of();
      }
      throw e;
    }
    List<String> names = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < list.length; i++) {
      if (list[i] == 0) {
        names.add(FileNames.decode(list, start, i - start));
        start = i + 1;
      }
    }
    return names;
  }

  /**
   * Removes an attribute.
   *
   * @return false if there was none of that name
   */
  public static boolean remove(Descriptor file, String name) {
    byte[] bytes = FileNames.terminated(name);
    try {
      file.call("removexattr", name, fd -> Libc.removexattr(Kernel.procPath(fd), bytes));
      return true;
    } catch (LinuxException e) {
      if (e.is(Errno.ENODATA)) {
        return false;
      }
      throw e;
    }
  }

  private interface Query {
    long run(byte[] path, byte[] buffer);
  }

  /** Asks with a small buffer first, then with the most that the kernel ever answers. */
  private static byte[] grow(
      Descriptor file, String call, @org.jspecify.annotations.Nullable String name, Query query) {
    byte[] small = new byte[FIRST_TRY];
    long length =
        file.call(
            call,
            name,
            fd -> {
              try {
                return query.run(Kernel.procPath(fd), small);
              } catch (LastErrorException e) {
                if (e.getErrorCode() == Errno.ERANGE.number()) {
                  return -1;
                }
                throw e;
              }
            });
    if (length >= 0) {
      return Arrays.copyOf(small, (int) length);
    }
    byte[] large = new byte[MOST];
    length = file.call(call, name, fd -> query.run(Kernel.procPath(fd), large));
    return Arrays.copyOf(large, (int) length);
  }
}
