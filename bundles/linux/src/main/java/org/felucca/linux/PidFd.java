package org.felucca.linux;

import java.time.Duration;
import java.util.Optional;

/** An open process, child or not: signals reach it or nobody, and its end can be waited for. */
public final class PidFd implements AutoCloseable {
  private final int pid;
  private final Descriptor descriptor;

  private PidFd(int pid, Descriptor descriptor) {
    this.pid = pid;
    this.descriptor = descriptor;
  }

  /**
   * Opens the process that has this number now. Use it on one's own child that was not waited for;
   * otherwise see {@link #open(ProcessId)}.
   *
   * @throws LinuxException ESRCH if there is none
   */
  public static PidFd open(int pid) {
    return new PidFd(
        pid,
        Descriptor.opened(
            Kernel.call(
                "pidfd_open",
                "process " + pid,
                () -> Libc.syscall(Libc.SYS_PIDFD_OPEN, pid, 0, 0, 0)),
            0));
  }

  /** Opens exactly this process; empty if it is gone, even if another has its number. */
  public static Optional<PidFd> open(ProcessId process) {
    PidFd pidFd;
    try {
      pidFd = open(process.pid());
    } catch (LinuxException e) {
      if (e.is(Errno.ESRCH)) {
        return Optional.empty();
      }
      throw e;
    }
    // Read after opening: the old start time under that number means that the old one was opened.
    if (ProcessId.of(process.pid()).filter(process::equals).isPresent()) {
      return Optional.of(pidFd);
    }
    pidFd.close();
    return Optional.empty();
  }

  /** The number it was opened by. */
  public int pid() {
    return pid;
  }

  /** Readable (EPOLLIN) once the process has ended; owned by this object. */
  public Descriptor descriptor() {
    return descriptor;
  }

  /**
   * Sends a signal.
   *
   * @return false if the process has ended and was waited for
   */
  public boolean signal(Signal signal) {
    try {
      descriptor.call(
          "pidfd_send_signal",
          signal.name(),
          fd -> Libc.syscall(Libc.SYS_PIDFD_SEND_SIGNAL, fd, signal.number(), 0, 0));
      return true;
    } catch (LinuxException e) {
      if (e.is(Errno.ESRCH)) {
        return false;
      }
      throw e;
    }
  }

  /** Whether it has ended. */
  public boolean ended() {
    return awaitEnd(Duration.ZERO);
  }

  /**
   * Waits for its end and holds the thread, carrier included, meanwhile; {@link Epoll} waits for
   * many without.
   *
   * @return false if it still runs
   */
  public boolean awaitEnd(Duration atMost) {
    return Poll.await(descriptor, Epoll.EPOLLIN, atMost) != 0;
  }

  @Override
  public void close() {
    descriptor.close();
  }

  @Override
  public String toString() {
    return "process " + pid;
  }
}
