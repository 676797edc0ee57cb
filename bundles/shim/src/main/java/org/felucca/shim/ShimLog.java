package org.felucca.shim;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Epoll;
import org.felucca.linux.Errno;
import org.felucca.linux.FileData;
import org.felucca.linux.LinuxException;

/**
 * What one shim writes into its log, line by line into the engine's. The fifo is always read, so
 * that no shim waits; beyond the rate the bytes are dropped and counted. Runs on the thread of
 * {@link Watches}.
 */
final class ShimLog implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(ShimLog.class.getName());
  private static final int LONGEST_LINE = 4096;
  private static final long SECOND = 1_000_000_000L;

  private final Key key;
  private final Descriptor fifo;
  private final int bytesPerSecond;
  private final Epoll.Registration registration;
  private final ByteBuffer buffer = ByteBuffer.allocate(8192);
  private final StringBuilder line = new StringBuilder();
  private long windowBegan = System.nanoTime();
  private int taken;
  private long dropped;

  ShimLog(Key key, Descriptor fifo, Epoll epoll, int bytesPerSecond) {
    this.key = key;
    this.fifo = fifo;
    this.bytesPerSecond = bytesPerSecond;
    this.registration = epoll.register(fifo, Epoll.EPOLLIN, (self, events) -> read());
  }

  private void read() {
    buffer.clear();
    int count;
    try {
      count = FileData.read(fifo, buffer);
    } catch (LinuxException e) {
      if (e.is(Errno.EAGAIN)) {
        return;
      }
      throw e;
    }
    long now = System.nanoTime();
    if (now - windowBegan > SECOND) {
      windowBegan = now;
      taken = 0;
      if (dropped > 0) {
        LOG.log(
            Level.WARNING,
            "shim wrote too much log container={0} dropped_bytes={1}",
            new Object[] {key, dropped});
        dropped = 0;
      }
    }
    if (taken + count > bytesPerSecond) {
      dropped += count;
      line.setLength(0);
      return;
    }
    taken += count;
    lines(new String(buffer.array(), 0, count, StandardCharsets.UTF_8));
  }

  private void lines(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n' || line.length() >= LONGEST_LINE) {
        tell(line.toString());
        line.setLength(0);
      } else {
        line.append(Character.isISOControl(c) ? ' ' : c);
      }
    }
  }

  private void tell(String said) {
    if (said.isBlank()) {
      return;
    }
    Level level =
        said.contains("level=error") || said.contains("level=fatal") || said.contains("panic")
            ? Level.WARNING
            : said.contains("level=warn") ? Level.INFO : Level.FINE;
    LOG.log(level, "shim says container={0} {1}", new Object[] {key, said});
  }

  @Override
  public void close() {
    registration.close();
    fifo.close();
  }
}
