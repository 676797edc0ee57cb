package org.felucca.shell.wire;

import java.nio.ByteBuffer;

/**
 * The size of a terminal in characters; 0 if there is none.
 *
 * @param rows its height
 * @param columns its width
 */
public record Size(int rows, int columns) {
  /** Reads the payload of RESIZE. */
  public static Size read(ByteBuffer payload) throws MalformedException {
    Size size = new Size(Payload.u16(payload), Payload.u16(payload));
    Payload.end(payload);
    return size;
  }
}
