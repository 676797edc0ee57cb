package org.felucca.launcher;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The one place where log records leave the process: whole lines to standard error. */
final class Logging extends Handler {
  private final FileOutputStream out = new FileOutputStream(FileDescriptor.err);

  private Logging() {
    setFormatter(new LogLine());
  }

  /** Makes this the only handler of the process. */
  static void start(Level level) {
    Logger root = Logger.getLogger("");
    root.addHandler(new Logging());
    root.setLevel(level);
  }

  @Override
  public void publish(LogRecord record) {
    byte[] line = getFormatter().format(record).getBytes(StandardCharsets.UTF_8);
    try {
      // One write a line: lines of several threads don't mix, and nothing waits in a buffer when
      // the process dies.
      out.write(line);
    } catch (IOException e) {
      // Standard error is gone; there is no other place to say so, and the engine must go on.
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
