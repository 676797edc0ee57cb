package org.felucca.linux;

/** What differs between the processors that are supported, and the sizes that the kernel tells. */
final class Machine {
  static final boolean AARCH64 = "aarch64".equals(System.getProperty("os.arch"));

  /** The kernel packs struct epoll_event on x86_64 only. */
  static final boolean PACKED_EPOLL_EVENT = "amd64".equals(System.getProperty("os.arch"));

  static {
    String os = System.getProperty("os.name");
    if (!"Linux".equals(os) || !(AARCH64 || PACKED_EPOLL_EVENT)) {
      throw new UnsupportedOperationException(
          "Felucca runs on Linux on x86_64 and aarch64, this is "
              + os
              + " on "
              + System.getProperty("os.arch"));
    }
  }

  private Machine() {}

  static int pageSize() {
    return PageSize.VALUE;
  }

  private static final class PageSize {
    static final int VALUE = Libc.getpagesize();
  }
}
