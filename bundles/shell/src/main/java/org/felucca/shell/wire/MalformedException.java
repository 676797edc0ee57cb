package org.felucca.shell.wire;

import java.io.IOException;

/** The other side does not keep to the protocol; the connection ends. */
public final class MalformedException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says what came instead. */
  public MalformedException(String message) {
    super(message);
  }
}
