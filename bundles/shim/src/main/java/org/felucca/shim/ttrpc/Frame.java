package org.felucca.shim.ttrpc;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * One frame.
 *
 * @param stream the number of the call, odd if a client began it
 * @param type {@link #REQUEST}, {@link #RESPONSE} or {@link #DATA}; others are skipped by readers
 * @param flags bits of the type
 * @param payload what it carries; nobody may change it
 */
record Frame(int stream, int type, int flags, byte[] payload) {
  /** The message is a call. */
  static final int REQUEST = 1;

  /** The message is the answer to a call. */
  static final int RESPONSE = 2;

  /** The message belongs to a stream. */
  static final int DATA = 3;

  /** How many bytes come before the payload. */
  static final int HEADER = 10;

  /** The longest payload. */
  static final int MAX_PAYLOAD = 4 << 20;

  /**
   * Reads the next frame, waiting for it.
   *
   * @return the frame, or null if the peer ended the connection between two frames
   * @throws EOFException if it ended inside one
   * @throws ProtocolException if a payload is longer than allowed
   */
  static @Nullable Frame read(ReadableByteChannel in) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(HEADER);
    if (!fill(in, header)) {
      return null;
    }
    header.flip();
    int length = header.getInt();
    int stream = header.getInt();
    int type = header.get() & 0xff;
    int flags = header.get() & 0xff;
    if (length < 0 || length > MAX_PAYLOAD) {
      throw new ProtocolException(
          "a frame announces %d bytes; at most %d are allowed"
              .formatted(Integer.toUnsignedLong(length), MAX_PAYLOAD));
    }
    ByteBuffer payload = ByteBuffer.allocate(length);
    if (length > 0 && !fill(in, payload)) {
      throw new EOFException("the connection ended inside a frame of " + length + " bytes");
    }
    return new Frame(stream, type, flags, payload.array());
  }

  /** Whether the buffer was filled; false if nothing came before the end. */
  private static boolean fill(ReadableByteChannel in, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (in.read(buffer) < 0) {
        if (buffer.position() == 0) {
          return false;
        }
        throw new EOFException(
            "the connection ended after %d of %d bytes"
                .formatted(buffer.position(), buffer.capacity()));
      }
    }
    return true;
  }

  /** Writes all of it. */
  void write(WritableByteChannel out) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(HEADER + payload.length);
    bytes.putInt(payload.length).putInt(stream).put((byte) type).put((byte) flags).put(payload);
    bytes.flip();
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }
}
