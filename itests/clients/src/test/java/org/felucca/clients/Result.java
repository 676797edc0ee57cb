package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** How a command ended. */
record Result(String command, int status, String out, String err) {
  Result ok() {
    assertEquals(0, status, this::toString);
    return this;
  }

  /** Fails with this status and a message that holds all of these. */
  Result fails(int expected, String... parts) {
    assertEquals(expected, status, this::toString);
    for (String part : parts) {
      assertTrue(err.contains(part), () -> "message lacks '" + part + "': " + this);
    }
    return this;
  }

  @Override
  public String toString() {
    return command + "\nstatus " + status + "\n--- out\n" + out + "\n--- err\n" + err;
  }
}
