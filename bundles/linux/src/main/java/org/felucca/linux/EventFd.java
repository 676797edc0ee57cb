package org.felucca.linux;

/** A counter that {@link Epoll} and {@link Poll} can wait for: one thread wakes another. */
public final class EventFd implements AutoCloseable {
  private final Descriptor descriptor;

  private EventFd(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  public static EventFd open() {
    return new EventFd(
        Descriptor.opened(
            Kernel.call(
                "eventfd", "", () -> Libc.eventfd(0, OpenFlags.O_CLOEXEC | OpenFlags.O_NONBLOCK)),
            0));
  }

  /** Readable while the counter is above 0; owned by this object. */
  public Descriptor descriptor() {
    return descriptor;
  }

  /** Adds one. */
  public void signal() {
    long[] one = {1};
    try {
      descriptor.call("write", null, fd -> Libc.write(fd, one, 8));
    } catch (LinuxException e) {
      if (!e.is(Errno.EAGAIN)) { // full: whoever waits is awake anyhow
        throw e;
      }
    }
  }

  /** Takes the counter back to 0 and returns what it was. */
  public long drain() {
    long[] count = new long[1];
    try {
      descriptor.call("read", null, fd -> Libc.read(fd, count, 8));
    } catch (LinuxException e) {
      if (!e.is(Errno.EAGAIN)) {
        throw e;
      }
    }
    return count[0];
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
