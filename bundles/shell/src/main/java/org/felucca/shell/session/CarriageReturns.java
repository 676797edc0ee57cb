package org.felucca.shell.session;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Puts a carriage return before each newline, as a terminal in raw mode needs it. */
public final class CarriageReturns extends FilterOutputStream {
  /** Writes to another stream, which is flushed with this one and not closed with it. */
  public CarriageReturns(OutputStream out) {
    super(out);
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    int newlines = 0;
    for (int i = offset; i < offset + length; i++) {
      if (bytes[i] == '\n') {
        newlines++;
      }
    }
    byte[] raw = new byte[length + newlines];
    int at = 0;
    for (int i = offset; i < offset + length; i++) {
      if (bytes[i] == '\n') {
        raw[at++] = '\r';
      }
      raw[at++] = bytes[i];
    }
    out.write(raw, 0, raw.length);
  }

  @Override
  public void close() throws IOException {
    flush();
  }
}
