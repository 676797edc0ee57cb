package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.function.Executable;

/** Assertions on what the kernel refuses. */
final class Expect {
  private Expect() {}

  static LinuxException fails(Errno errno, Executable call) {
    LinuxException e = assertThrows(LinuxException.class, call);
    assertEquals(errno, e.errno(), e::getMessage);
    return e;
  }
}
