package org.felucca.shell.verb;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.api.Progress;
import org.felucca.oci.Json;
import org.felucca.shell.view.Table;
import org.felucca.shell.view.Words;

/** How far long work is, on standard error. */
final class ProgressReport implements Progress, AutoCloseable {
  /** How it is shown. */
  enum Manner {
    /** One line that changes, of a terminal. */
    LINE(100),
    /** A line now and then. */
    PLAIN(5000),
    /** One JSON document a line. */
    JSON(100),
    /** Not at all. */
    NONE(0);

    final long intervalNanos;

    Manner(long intervalMillis) {
      intervalNanos = intervalMillis * 1_000_000;
    }
  }

  private final Manner manner;
  private final PrintStream err;
  private final int columns;
  private final ReentrantLock lock = new ReentrantLock();
  private long shownAt = System.nanoTime();
  private boolean shown;

  /**
   * @param columns the width of the terminal
   */
  ProgressReport(Manner manner, PrintStream err, int columns) {
    this.manner = manner;
    this.err = err;
    this.columns = columns;
  }

  @Override
  public void report(String item, String state, long done, long total) {
    // Ends, and changes of what has no length.
    boolean last = manner == Manner.JSON && (total > 0 ? done >= total : done == 0 && total == 0);
    // Whoever comes while another shows something is not the one to wait.
    if (manner == Manner.NONE || !(last ? locked() : lock.tryLock())) {
      return;
    }
    try {
      long now = System.nanoTime();
      if (!last && now - shownAt < manner.intervalNanos) {
        return;
      }
      shownAt = now;
      shown = true;
      show(item, state, done, total);
    } finally {
      lock.unlock();
    }
  }

  /**
   * A stream that tells how much has gone into another one; closing it only flushes that.
   *
   * @param item what is written
   * @param state the word for it
   */
  OutputStream counting(OutputStream to, String item, String state) {
    return new FilterOutputStream(to) {
      private long done;

      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
        done += length;
        report(item, state, done, 0);
      }

      @Override
      public void close() throws IOException {
        flush();
      }
    };
  }

  private boolean locked() {
    lock.lock();
    return true;
  }

  private void show(String item, String state, long done, long total) {
    if (manner == Manner.JSON) {
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("item", item);
      document.put("state", state);
      document.put("done", done);
      document.put("total", total);
      err.println(new String(Json.bytes(document), StandardCharsets.UTF_8));
      return;
    }
    String amount =
        done == 0 && total == 0
            ? ""
            : total > 0 ? Words.bytes(done) + " of " + Words.bytes(total) : Words.bytes(done);
    String line = Table.printable("%s %s %s".formatted(state, amount, item));
    if (manner == Manner.PLAIN) {
      err.println(line);
    } else {
      err.print("\r\u001b[K" + Table.cut(line, columns - 1));
      err.flush();
    }
  }

  /** Takes the changing line away. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (shown && manner == Manner.LINE) {
        err.print("\r\u001b[K");
        err.flush();
      }
    } finally {
      lock.unlock();
    }
  }
}
