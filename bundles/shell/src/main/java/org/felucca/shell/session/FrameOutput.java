package org.felucca.shell.session;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import org.felucca.shell.wire.Frame;
import org.felucca.shell.wire.FrameWriter;

/** An output stream of the client: what is written goes out as frames, small ones as they come. */
final class FrameOutput extends OutputStream {
  private static final int PIECE = 64 << 10;

  private final FrameWriter writer;
  private final int type;

  /**
   * @param type {@link Frame#STDOUT} or {@link Frame#STDERR}
   */
  FrameOutput(FrameWriter writer, int type) {
    this.writer = writer;
    this.type = type;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    for (int done = 0; done < length; ) {
      int count = Math.min(PIECE, length - done);
      writer.send(type, ByteBuffer.wrap(bytes, offset + done, count));
      done += count;
    }
  }
}
