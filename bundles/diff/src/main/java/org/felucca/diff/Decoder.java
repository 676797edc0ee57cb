package org.felucca.diff;

import java.nio.ByteBuffer;

/** Decompresses a stream. Both buffers are direct. Not for several threads. */
interface Decoder extends AutoCloseable {
  /**
   * Decodes until one of the buffers has nothing left; if {@code out} is full there may be more to
   * come without further input.
   *
   * @throws org.felucca.api.EngineException INVALID_ARGUMENT if the stream is malformed
   */
  void decode(ByteBuffer in, ByteBuffer out);

  /** Whether the stream may end where it is now. */
  boolean complete();

  @Override
  void close();

  /** Nothing is compressed. */
  final class Plain implements Decoder {
    @Override
    public void decode(ByteBuffer in, ByteBuffer out) {
      int count = Math.min(in.remaining(), out.remaining());
      out.put(out.position(), in, in.position(), count);
      in.position(in.position() + count);
      out.position(out.position() + count);
    }

    @Override
    public boolean complete() {
      return true;
    }

    @Override
    public void close() {}
  }
}
