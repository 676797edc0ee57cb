package org.felucca.linux;

import static org.felucca.linux.OpenFlags.O_CLOEXEC;
import static org.felucca.linux.OpenFlags.O_DIRECTORY;
import static org.felucca.linux.OpenFlags.O_NOFOLLOW;
import static org.felucca.linux.OpenFlags.O_PATH;
import static org.felucca.linux.OpenFlags.O_RDONLY;

import com.sun.jna.LastErrorException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An open folder, and what can be done below it without ever leaving it.
 *
 * <p>Two kinds of operands keep hostile trees harmless. A <em>path</em> is walked by openat2(2)
 * with rules of {@link Resolve}; only {@link #open} and its relatives take one. A <em>name</em> is
 * one component: no slash, not empty, neither {@code .} nor {@code ..} (EINVAL otherwise), and no
 * call that takes one follows a link. So to make {@code a/b/c}, open {@code a/b} and make {@code c}
 * in it.
 *
 * <p>Every call holds the carrier thread, normally for microseconds; on a hung network file system
 * for as long as that hangs.
 */
public final class Dir implements AutoCloseable {
  /** Do not replace what exists (EEXIST). */
  public static final int RENAME_NOREPLACE = 1;

  /** Swap the two names, both must exist. */
  public static final int RENAME_EXCHANGE = 2;

  /** As RENAME_NOREPLACE or plain, and leave an overlayfs whiteout under the old name. */
  public static final int RENAME_WHITEOUT = 4;

  private static final int RACE_RETRIES = 256;
  private static final int LIST_BUFFER = 32 * 1024;

  private final Descriptor descriptor;

  private Dir(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Opens a folder by a path that the caller trusts: links in it are followed.
   *
   * @throws LinuxException ENOTDIR if it is something else
   */
  public static Dir open(String path) {
    return new Dir(Descriptor.open(path, O_RDONLY | O_DIRECTORY, 0));
  }

  /**
   * Takes over a descriptor of a folder; {@link #close} closes it.
   *
   * @throws LinuxException ENOTDIR if it is something else (the descriptor stays open then)
   */
  public static Dir of(Descriptor descriptor) {
    if (descriptor.stat().type() != FileType.DIRECTORY) {
      throw new LinuxException("open", descriptor.toString(), Errno.ENOTDIR);
    }
    return new Dir(descriptor);
  }

  /** The folder's descriptor, owned by this object. */
  public Descriptor descriptor() {
    return descriptor;
  }

  /** A path that leads to this folder while it is open: {@code /proc/self/fd/N}. */
  public String procPath() {
    return descriptor.procPath();
  }

  /** The folder itself. */
  public FileStat stat() {
    return descriptor.stat();
  }

  /**
   * Opens a path below this folder by openat2(2). If files are being renamed or mounted meanwhile
   * the kernel asks for another try, which is made up to 256 times before EAGAIN is thrown.
   *
   * @param path relative or absolute, as {@code resolve} allows
   * @param flags of {@link OpenFlags}
   * @param mode permissions if it is created, less the umask; else ignored
   * @param resolve of {@link Resolve}
   * @throws LinuxException ENOSYS if the kernel lacks openat2, there is no weaker way; EXDEV, ELOOP
   *     if the path breaks the rules
   */
  public Descriptor open(String path, int flags, int mode, long resolve) {
    return Descriptor.opened(number(path, flags, mode, resolve), flags);
  }

  private long number(String path, int flags, int mode, long resolve) {
    byte[] bytes = FileNames.terminated(path);
    long[] how = {flags | O_CLOEXEC, OpenFlags.creates(flags) ? mode : 0, resolve};
    for (int attempt = 1; ; attempt++) {
      try {
        return descriptor.call(
            "openat2", path, fd -> Libc.syscall(Libc.SYS_OPENAT2, fd, bytes, how, 24));
      } catch (LinuxException e) {
        if (!e.is(Errno.EAGAIN) || attempt == RACE_RETRIES) {
          throw e;
        }
      }
    }
  }

  /**
   * Opens a path as if this folder were the root of the file system: absolute links and {@code ..}
   * end in it, links of /proc are refused (ELOOP).
   */
  public Descriptor openInRoot(String path, int flags, int mode) {
    return open(path, flags, mode, Resolve.IN_ROOT | Resolve.NO_MAGICLINKS);
  }

  /** As {@link #openInRoot}, for a folder. */
  public Dir openDirInRoot(String path) {
    return new Dir(openInRoot(path, O_RDONLY | O_DIRECTORY, 0));
  }

  /**
   * Looks whether a path leads to a folder as {@link #openDirInRoot} would open it, at less cost.
   *
   * @throws LinuxException ENOENT if it leads nowhere, ENOTDIR if to something else
   */
  public void checkDirInRoot(String path) {
    long folder = number(path, O_PATH | O_DIRECTORY, 0, Resolve.IN_ROOT | Resolve.NO_MAGICLINKS);
    Kernel.call("close", path, () -> Libc.close((int) folder));
  }

  /**
   * The folder of that name in this one; a link or a file (ENOTDIR) and a mount point (EXDEV) are
   * refused.
   */
  public Dir enter(String name) {
    check("openat2", name);
    return new Dir(
        open(
            name,
            O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
            0,
            Resolve.BENEATH | Resolve.NO_SYMLINKS | Resolve.NO_XDEV));
  }

  /** The file of that name, a link itself and not what it names, without acting on a device. */
  public Descriptor openPath(String name) {
    return openName(name, O_PATH | O_NOFOLLOW, 0);
  }

  /**
   * Opens or creates a file of that name; a link is refused (ELOOP), or opened itself with O_PATH.
   * Check what it is before opening other than with O_PATH: to open a device acts on its driver,
   * and to open a fifo may block.
   */
  public Descriptor openName(String name, int flags, int mode) {
    byte[] bytes = check("openat", name);
    int all = flags | O_NOFOLLOW | O_CLOEXEC;
    return Descriptor.opened(
        descriptor.call("openat", name, fd -> Libc.openat(fd, bytes, all, mode)), flags);
  }

  /** What that name is, a link itself. */
  public FileStat stat(String name) {
    byte[] bytes = check("statx", name);
    long[] buffer = FileStat.buffer();
    descriptor.call(
        "statx", name, fd -> Libc.statx(fd, bytes, FileStat.FLAGS, FileStat.MASK, buffer));
    return FileStat.of(buffer);
  }

  /** As {@link #stat(String)}, empty if there is no such name. */
  public Optional<FileStat> statIfExists(String name) {
    byte[] bytes = check("statx", name);
    long[] buffer = FileStat.buffer();
    // Absence is an answer here: it is not made into a message first, which costs more than the
    // call.
    long result =
        descriptor.call(
            "statx",
            name,
            fd -> {
              try {
                return Libc.statx(fd, bytes, FileStat.FLAGS, FileStat.MASK, buffer);
              } catch (LastErrorException e) {
                if (e.getErrorCode() == Errno.ENOENT.number()) {
                  return -1;
                }
                throw e;
              }
            });
    return result < 0 ? Optional.empty() : Optional.of(FileStat.of(buffer));
  }

  /** Makes a folder, its permissions less the process's umask. */
  public void mkdir(String name, int permissions) {
    byte[] bytes = check("mkdirat", name);
    descriptor.call("mkdirat", name, fd -> Libc.mkdirat(fd, bytes, permissions));
  }

  /** Makes a device, fifo, socket or empty regular file, its permissions less the umask. */
  public void mknod(String name, FileType type, int permissions, DeviceNumber device) {
    byte[] bytes = check("mknodat", name);
    descriptor.call(
        "mknodat",
        name,
        fd -> Libc.mknodat(fd, bytes, type.bits() | permissions, device.encoded()));
  }

  /** Makes a symbolic link; the target is stored as it is given. */
  public void symlink(String target, String name) {
    byte[] targetBytes = FileNames.terminated(target);
    byte[] bytes = check("symlinkat", name);
    descriptor.call("symlinkat", name, fd -> Libc.symlinkat(targetBytes, fd, bytes));
  }

  /** Gives an open file, of O_PATH, O_TMPFILE or any kind, another name here. */
  public void link(Descriptor file, String name) {
    byte[] bytes = check("linkat", name);
    descriptor.call(
        "linkat",
        name,
        fd ->
            file.call(
                "linkat",
                null,
                source -> {
                  try {
                    return Libc.linkat(source, Descriptor.EMPTY, fd, bytes, Libc.AT_EMPTY_PATH);
                  } catch (LastErrorException e) {
                    // ENOENT is what a caller without CAP_DAC_READ_SEARCH gets.
                    if (e.getErrorCode() != Errno.ENOENT.number()) {
                      throw e;
                    }
                    return Libc.linkat(
                        Libc.AT_FDCWD, Kernel.procPath(source), fd, bytes, Libc.AT_SYMLINK_FOLLOW);
                  }
                }));
  }

  /** Removes a name that is no folder. */
  public void unlink(String name) {
    byte[] bytes = check("unlinkat", name);
    descriptor.call("unlinkat", name, fd -> Libc.unlinkat(fd, bytes, 0));
  }

  /** Removes an empty folder. */
  public void rmdir(String name) {
    byte[] bytes = check("rmdir", name);
    descriptor.call("rmdir", name, fd -> Libc.unlinkat(fd, bytes, Libc.AT_REMOVEDIR));
  }

  /**
   * Renames within one file system.
   *
   * @param flags 0 (replaces), {@link #RENAME_NOREPLACE}, {@link #RENAME_EXCHANGE} ...
   */
  public void rename(String name, Dir to, String newName, int flags) {
    byte[] bytes = check("renameat2", name);
    byte[] newBytes = check("renameat2", newName);
    descriptor.call(
        "renameat2",
        name,
        fd ->
            to.descriptor.call(
                "renameat2", newName, toFd -> Libc.renameat2(fd, bytes, toFd, newBytes, flags)));
  }

  /** What a link holds. */
  public String readlink(String name) {
    return readlink(descriptor, name, check("readlinkat", name));
  }

  /** What a link holds that was opened by {@link #openPath}. */
  public static String readlink(Descriptor link) {
    return readlink(link, "", Descriptor.EMPTY);
  }

  private static String readlink(Descriptor at, String name, byte[] bytes) {
    // PATH_MAX bounds what symlink(2) takes, but not what other file systems hand out.
    byte[] target = new byte[4096];
    while (true) {
      byte[] buffer = target;
      int length =
          (int)
              at.call("readlinkat", name, fd -> Libc.readlinkat(fd, bytes, buffer, buffer.length));
      if (length < buffer.length) {
        return FileNames.decode(buffer, 0, length);
      }
      target = new byte[buffer.length * 2];
    }
  }

  /** All names, in the file system's order, without {@code .} and {@code ..}. */
  public List<DirEntry> list() {
    List<DirEntry> entries = new ArrayList<>();
    forEach(entries::add);
    return entries;
  }

  /**
   * Hands every name to {@code consumer} while reading, for folders of any size. Names that are
   * made or removed meanwhile may or may not be seen.
   */
  public void forEach(Consumer<DirEntry> consumer) {
    try (DirStream stream = DirStream.openedFrom(this, LIST_BUFFER)) {
      for (DirEntry entry = stream.next(); entry != null; entry = stream.next()) {
        consumer.accept(entry);
      }
    }
  }

  /** Whether there is no name in it. */
  public boolean isEmpty() {
    try (DirStream stream = DirStream.openedFrom(this, 1024)) {
      return stream.next() == null;
    }
  }

  @Override
  public void close() {
    descriptor.close();
  }

  @Override
  public String toString() {
    return descriptor.toString();
  }

  /** The name's bytes, ended by NUL, if it is one component. */
  static byte[] check(String call, String name) {
    if (name.isEmpty() || name.equals(".") || name.equals("..") || name.indexOf('/') >= 0) {
      throw new LinuxException(
          call, FileNames.quote(name), Errno.EINVAL, "one name is wanted, not a path");
    }
    return FileNames.terminated(name);
  }
}
