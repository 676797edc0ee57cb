package org.felucca.linux;

import com.sun.jna.LastErrorException;
import java.time.Duration;

/** Waits for one descriptor and holds the thread, carrier included, meanwhile. */
public final class Poll {
  /** About what poll(2)'s milliseconds hold. */
  private static final Duration LONGEST = Duration.ofDays(24);

  private Poll() {}

  /**
   * Waits until one of the events comes, or an error or hang-up, which always count.
   *
   * @param events of {@link Epoll}, EPOLLIN and EPOLLOUT and so on
   * @param atMost zero only looks
   * @return the events, 0 after the time
   */
  public static int await(Descriptor descriptor, int events, Duration atMost) {
    long end = System.nanoTime() + (atMost.compareTo(LONGEST) < 0 ? atMost : LONGEST).toNanos();
    while (true) {
      long rest = Math.max(0, (end - System.nanoTime() + 999_999) / 1_000_000L);
      int[] request = {0, events & 0xFFFF};
      // A signal must not begin the time anew: so an interrupted call comes back here.
      long ready =
          descriptor.call(
              "poll",
              null,
              fd -> {
                request[0] = fd;
                try {
                  return Libc.poll(request, 1, (int) rest);
                } catch (LastErrorException e) {
                  if (e.getErrorCode() == Errno.EINTR.number()) {
                    return 0;
                  }
                  throw e;
                }
              });
      if (ready > 0) {
        return request[1] >>> 16;
      }
      if (end - System.nanoTime() <= 0) {
        return 0;
      }
    }
  }
}
