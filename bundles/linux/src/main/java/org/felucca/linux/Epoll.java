package org.felucca.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * One thread that waits for any number of descriptors, so that no virtual thread has to hold its
 * carrier for them. Its life: {@link #start}, any number of {@link #register}, {@link #close}.
 *
 * <p>Events are level-triggered unless EPOLLET is asked for: a listener that leaves data unread is
 * called again. Listeners run on this one thread, one after the other, and must neither block nor
 * take long; what does belongs to another thread. A listener that throws loses its registration,
 * with a log line.
 */
public final class Epoll implements AutoCloseable {
  public static final int EPOLLIN = 0x001;
  public static final int EPOLLPRI = 0x002;
  public static final int EPOLLOUT = 0x004;

  /** Always reported. */
  public static final int EPOLLERR = 0x008;

  /** Always reported: the other side is gone. */
  public static final int EPOLLHUP = 0x010;

  public static final int EPOLLRDHUP = 0x2000;

  /** Report once, then not before {@link Registration#modify}. */
  public static final int EPOLLONESHOT = 1 << 30;

  /** Report changes only. */
  public static final int EPOLLET = 1 << 31;

  private static final Logger LOG = Logger.getLogger(Epoll.class.getName());
  private static final int CTL_ADD = 1;
  private static final int CTL_DEL = 2;
  private static final int CTL_MOD = 3;
  private static final int EVENT_SIZE = Machine.PACKED_EPOLL_EVENT ? 12 : 16;
  private static final int DATA_OFFSET = Machine.PACKED_EPOLL_EVENT ? 4 : 8;
  private static final int BATCH = 128;
  private static final long WAKE = 0;

  private final Descriptor epoll;
  private final EventFd wake;
  private final Thread thread;
  private final Map<Long, Registration> registrations = new ConcurrentHashMap<>();
  private final AtomicLong tokens = new AtomicLong(WAKE);
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Who is told of events. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Called on the epoll thread.
     *
     * @param events what is the case, of the EPOLL constants
     */
    void ready(Registration registration, int events);
  }

  private Epoll(String threadName) {
    this.epoll =
        Descriptor.opened(
            Kernel.call("epoll_create1", "", () -> Libc.epoll_create1(OpenFlags.O_CLOEXEC)), 0);
    this.wake = EventFd.open();
    control(CTL_ADD, wake.descriptor(), EPOLLIN, WAKE);
    this.thread = Thread.ofPlatform().daemon().name(threadName).unstarted(this::run);
  }

  /** Makes one and starts its thread. */
  public static Epoll start(String threadName) {
    Epoll epoll = new Epoll(threadName);
    epoll.thread.start();
    return epoll;
  }

  /**
   * Begins to watch a descriptor. It is kept open until the registration is closed, also if its
   * owner closes it before. The first call may come before this method returns.
   *
   * @param events of the EPOLL constants
   * @throws LinuxException EPERM if it can't be waited for, as a regular file; EEXIST if it is
   *     already registered here; EBADF if this epoll was closed
   */
  public Registration register(Descriptor descriptor, int events, Listener listener) {
    int fd = descriptor.pin();
    Registration registration =
        new Registration(tokens.incrementAndGet(), descriptor, fd, listener);
    registrations.put(registration.token, registration);
    try {
      control(CTL_ADD, descriptor, events, registration.token);
    } catch (LinuxException e) {
      registrations.remove(registration.token);
      descriptor.unpin();
      throw e;
    }
    if (closed.get()) { // it may have missed this one
      registration.close();
      throw new LinuxException("epoll_ctl", descriptor.toString(), Errno.EBADF, "it was closed");
    }
    return registration;
  }

  /** How many descriptors are watched. */
  public int size() {
    return registrations.size();
  }

  /**
   * Ends the thread and all registrations; no listener is called after it returns, except that a
   * listener which calls this itself runs to its end.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        wake.signal();
      } catch (LinuxException e) {
        if (!e.is(Errno.EBADF)) { // an event came first, and the thread has ended by itself
          throw e;
        }
      }
    }
    if (Thread.currentThread() != thread) {
      joinUninterruptibly();
    }
  }

  private void joinUninterruptibly() {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    ByteBuffer events =
        ByteBuffer.allocateDirect(BATCH * EVENT_SIZE).order(ByteOrder.nativeOrder());
    try {
      while (!closed.get()) {
        int count =
            (int) epoll.call("epoll_wait", null, fd -> Libc.epoll_wait(fd, events, BATCH, -1));
        for (int i = 0; i < count && !closed.get(); i++) {
          dispatch(events.getLong(i * EVENT_SIZE + DATA_OFFSET), events.getInt(i * EVENT_SIZE));
        }
      }
    } finally {
      registrations.values().forEach(Registration::close);
      wake.close();
      epoll.close();
    }
  }

  private void dispatch(long token, int events) {
    Registration registration = registrations.get(token);
    if (registration == null) { // closed meanwhile, or the wake-up
      return;
    }
    try {
      registration.listener.ready(registration, events);
    } catch (RuntimeException | Error e) {
      LOG.log(
          Level.SEVERE,
          e,
          () -> "epoll listener failed, no longer watching descriptor=" + registration.descriptor);
      registration.close();
    }
  }

  private void control(int operation, Descriptor descriptor, int events, long token) {
    byte[] event = new byte[EVENT_SIZE];
    ByteBuffer.wrap(event)
        .order(ByteOrder.nativeOrder())
        .putInt(0, events)
        .putLong(DATA_OFFSET, token);
    descriptor.call(
        "epoll_ctl",
        null,
        fd -> epoll.call("epoll_ctl", null, e -> Libc.epoll_ctl(e, operation, fd, event)));
  }

  /** A watched descriptor. */
  public final class Registration implements AutoCloseable {
    private final long token;
    private final Descriptor descriptor;
    private final Listener listener;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final int fd;

    private Registration(long token, Descriptor descriptor, int fd, Listener listener) {
      this.token = token;
      this.descriptor = descriptor;
      this.listener = listener;
      this.fd = fd;
    }

    /** What is watched. */
    public Descriptor descriptor() {
      return descriptor;
    }

    /** Asks for other events from now on; 0 still reports errors and hang-ups. */
    public void modify(int events) {
      if (!ended.get()) {
        control(CTL_MOD, descriptor, events, token);
      }
    }

    /**
     * Stops watching; no further call begins. A call that is under way on the epoll thread goes on
     * to its end. Does nothing the second time.
     */
    @Override
    public void close() {
      if (!ended.compareAndSet(false, true)) {
        return;
      }
      registrations.remove(token);
      try {
        // The owner may have closed the descriptor, but it is pinned: the number is still the same
        // file.
        epoll.call("epoll_ctl", null, e -> Libc.epoll_ctl(e, CTL_DEL, fd, null));
      } catch (LinuxException e) {
        if (!e.is(Errno.EBADF)) { // the epoll itself was closed meanwhile
          throw e;
        }
      } finally {
        descriptor.unpin();
      }
    }
  }
}
