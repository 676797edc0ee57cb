package org.felucca.shell.verb;

import java.io.PrintStream;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.api.Progress;
import org.felucca.shell.session.Call;
import org.felucca.shell.view.Table;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;

/**
 * How far long work is, as one line on the terminal's standard error; nothing without a terminal.
 */
final class ProgressLine implements Progress, AutoCloseable {
  private static final long INTERVAL_NANOS = 100_000_000;

  private final @Nullable PrintStream err;
  private final int columns;
  private final ReentrantLock lock = new ReentrantLock();
  private long shownAt = System.nanoTime();
  private boolean shown;

  ProgressLine(Call call) {
    this.err = call.isErrorTerminal() ? call.err() : null;
    this.columns = call.textColumns();
  }

  @Override
  public void report(String item, String state, long done, long total) {
    // Whoever comes while another shows something is not the one to wait.
    if (err == null || !lock.tryLock()) {
      return;
    }
    try {
      long now = System.nanoTime();
      if (now - shownAt < INTERVAL_NANOS) {
        return;
      }
      shownAt = now;
      shown = true;
      String amount =
          total > 0 ? Words.bytes(done) + " of " + Words.bytes(total) : Words.bytes(done);
      String line = "%s %s %s".formatted(state, amount, item);
      err.print("\r\u001b[K" + Table.cut(Table.printable(line), columns - 1));
      err.flush();
    } finally {
      lock.unlock();
    }
  }

  /** Takes the line away. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (shown && err != null) {
        err.print("\r\u001b[K");
        err.flush();
      }
    } finally {
      lock.unlock();
    }
  }
}
