package org.felucca.linux;

import com.sun.jna.LastErrorException;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * An open file descriptor, always close-on-exec. Safe to use from several threads: a call that is
 * under way when another thread closes keeps the number until it returns, so no call ever reaches a
 * descriptor that was opened later under the same number. A call after {@link #close} throws
 * LinuxException EBADF; a second close does nothing. A descriptor that becomes unreachable while
 * open is closed with a warning.
 */
public final class Descriptor implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Descriptor.class.getName());
  private static final Cleaner CLEANER = Cleaner.create();
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int F_DUPFD_CLOEXEC = 1030;

  private final Handle handle;
  private final Cleaner.Cleanable cleanable;
  private final boolean pathOnly;

  /** A call on the number of an open descriptor. */
  @FunctionalInterface
  interface Call {
    long run(int fd);
  }

  private Descriptor(int fd, boolean pathOnly) {
    this.handle = new Handle(fd);
    this.pathOnly = pathOnly;
    this.cleanable = CLEANER.register(this, handle);
  }

  /** Takes over a number that a call has just returned; {@code flags} are those of its open. */
  static Descriptor opened(long fd, int flags) {
    return new Descriptor((int) fd, (flags & OpenFlags.O_PATH) != 0);
  }

  /**
   * Opens a path that the caller trusts, as open(2) does: links are followed. Holds the carrier
   * thread; opening a fifo without O_NONBLOCK can block for ever.
   *
   * @param flags of {@link OpenFlags}
   * @param mode permissions if it is created, less the process's umask; else ignored
   */
  public static Descriptor open(String path, int flags, int mode) {
    byte[] bytes = FileNames.terminated(path);
    return opened(
        Kernel.call(
            "open",
            path,
            () -> Libc.openat(Libc.AT_FDCWD, bytes, flags | OpenFlags.O_CLOEXEC, mode)),
        flags);
  }

  /**
   * The number, for a child's standard streams or a message. It stays valid only while this object
   * is open and reachable.
   */
  public int number() {
    int fd = handle.acquire();
    handle.release();
    return fd;
  }

  /** Whether it was opened with O_PATH: it names a file and can't read or write it. */
  public boolean pathOnly() {
    return pathOnly;
  }

  /** {@code /proc/self/fd/N}: opens the same file again, valid as long as {@link #number}. */
  public String procPath() {
    return "/proc/self/fd/" + number();
  }

  /** What the file is; {@code statx} with the mount id. */
  public FileStat stat() {
    long[] buffer = FileStat.buffer();
    call("statx", null, fd -> Libc.statx(fd, EMPTY, FileStat.FLAGS, FileStat.MASK, buffer));
    return FileStat.of(buffer);
  }

  /** Opens the same file anew, for example an O_PATH descriptor for reading. */
  public Descriptor reopen(int flags) {
    return opened(
        call(
            "open",
            null,
            fd -> Libc.openat(Libc.AT_FDCWD, Kernel.procPath(fd), flags | OpenFlags.O_CLOEXEC, 0)),
        flags);
  }

  /** A second descriptor of the same open file. */
  public Descriptor duplicate() {
    return new Descriptor(
        (int) call("fcntl", null, fd -> Libc.fcntl(fd, F_DUPFD_CLOEXEC, 0)), pathOnly);
  }

  /**
   * A descriptor of one's own for the open file behind a number that somebody else in this process
   * holds open, such as a listening socket that outlives its users.
   */
  public static Descriptor duplicateOf(int number) {
    return opened(
        Kernel.call("fcntl", "descriptor " + number, () -> Libc.fcntl(number, F_DUPFD_CLOEXEC, 0)),
        0);
  }

  /**
   * Leaves the number to somebody who will close it, such as a native library. This object is then
   * closed, and the file stays open.
   *
   * @throws IllegalStateException if a call on it is under way
   */
  public int detach() {
    int number = handle.detach();
    cleanable.clean();
    return number;
  }

  /** Turns O_NONBLOCK on or off, for all descriptors of the same open file. */
  public void setNonBlocking(boolean on) {
    call(
        "fcntl",
        null,
        fd -> {
          int flags = Libc.fcntl(fd, F_GETFL, 0);
          int wanted = on ? flags | OpenFlags.O_NONBLOCK : flags & ~OpenFlags.O_NONBLOCK;
          return Libc.fcntl(fd, F_SETFL, wanted);
        });
  }

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    return handle.isClosed();
  }

  @Override
  public void close() {
    handle.deliberate = true;
    cleanable.clean();
  }

  @Override
  public String toString() {
    int fd = handle.acquireOrMinusOne();
    if (fd < 0) {
      return "closed descriptor";
    }
    try {
      return Kernel.describe(fd);
    } finally {
      handle.release();
    }
  }

  static final byte[] EMPTY = {0};

  /**
   * Makes a call with the number held, again if a signal interrupted it.
   *
   * @param name a name below this folder for the message, or null
   */
  long call(String callName, @Nullable String name, Call call) {
    int fd = handle.acquire();
    try {
      while (true) {
        try {
          return call.run(fd);
        } catch (LastErrorException e) {
          if (e.getErrorCode() != Errno.EINTR.number()) {
            String operand = Kernel.describe(fd);
            throw Kernel.failure(
                callName, name == null ? operand : operand + ", " + FileNames.quote(name), e);
          }
        }
      }
    } finally {
      handle.release();
      java.lang.ref.Reference.reachabilityFence(this);
    }
  }

  /** Keeps the number from being closed until {@link #unpin}. */
  int pin() {
    return handle.acquire();
  }

  void unpin() {
    handle.release();
  }

  /** The number and its users: CLOSED is set once, and whoever leaves last closes. */
  private static final class Handle implements Runnable {
    private static final int CLOSED = Integer.MIN_VALUE;

    private final int fd;
    private final AtomicInteger state = new AtomicInteger();
    private volatile boolean deliberate;

    Handle(int fd) {
      this.fd = fd;
    }

    int acquire() {
      int acquired = acquireOrMinusOne();
      if (acquired < 0) {
        throw new LinuxException("use", "descriptor " + fd, Errno.EBADF, "it was closed");
      }
      return acquired;
    }

    int acquireOrMinusOne() {
      while (true) {
        int users = state.get();
        if (users < 0) {
          return -1;
        }
        if (state.compareAndSet(users, users + 1)) {
          return fd;
        }
      }
    }

    void release() {
      if (state.decrementAndGet() == CLOSED) {
        closeNow();
      }
    }

    int detach() {
      if (!state.compareAndSet(0, CLOSED)) {
        throw new IllegalStateException("descriptor " + fd + " is in use or closed");
      }
      deliberate = true;
      return fd;
    }

    boolean isClosed() {
      return state.get() < 0;
    }

    /** Run once by the Cleaner: on close, or when the descriptor was forgotten. */
    @Override
    public void run() {
      if (!deliberate) {
        LOG.log(
            Level.WARNING,
            "descriptor was never closed, closing it now fd={0} file={1}",
            new Object[] {fd, Kernel.describe(fd)});
      }
      if (state.getAndUpdate(users -> users | CLOSED) == 0) {
        closeNow();
      }
    }

    private void closeNow() {
      try {
        Libc.close(fd);
      } catch (LastErrorException e) {
        // Linux frees the number whatever it answers; a late write error shows at fsync.
        LOG.log(
            Level.FINE,
            "descriptor closed with an error fd={0} errno={1}",
            new Object[] {fd, Errno.of(e.getErrorCode())});
      }
    }
  }
}
