package org.felucca.shell.wire;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/** Reads frames from a blocking channel, on one thread. */
public final class FrameReader {
  private static final int HEADER = 5;

  private final ReadableByteChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocate(16 << 10).flip();

  /** Reads from a channel that stays the caller's. */
  public FrameReader(ReadableByteChannel channel) {
    this.channel = channel;
  }

  /**
   * The next frame.
   *
   * @return null when the other side has closed between two frames
   * @throws MalformedException if it is too long
   * @throws EOFException if the other side closed within a frame
   */
  public @Nullable Frame next() throws IOException {
    if (!fill(HEADER)) {
      if (buffer.hasRemaining()) {
        throw new EOFException("the connection ended within a frame");
      }
      return null;
    }
    int length = buffer.getInt();
    int type = buffer.get();
    if (length < 0 || length > Frame.LIMIT) {
      throw new MalformedException(
          "a frame of %d bytes, more than the %d allowed"
              .formatted(Integer.toUnsignedLong(length), Frame.LIMIT));
    }
    ByteBuffer payload = ByteBuffer.allocate(length);
    int ready = Math.min(length, buffer.remaining());
    payload.put(buffer.slice().limit(ready));
    buffer.position(buffer.position() + ready);
    while (payload.hasRemaining()) {
      if (channel.read(payload) < 0) {
        throw new EOFException("the connection ended within a frame");
      }
    }
    return new Frame(type, payload.flip());
  }

  private boolean fill(int count) throws IOException {
    while (buffer.remaining() < count) {
      buffer.compact();
      int read = channel.read(buffer);
      buffer.flip();
      if (read < 0) {
        return false;
      }
    }
    return true;
  }
}
