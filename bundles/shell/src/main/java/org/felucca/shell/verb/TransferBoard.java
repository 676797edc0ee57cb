package org.felucca.shell.verb;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.felucca.shell.view.Table;
import org.felucca.shell.view.Words;

/**
 * A transfer on a terminal: a line an item, with a bar, the rate and the remaining time of what
 * moves. It stays when all is done.
 */
final class TransferBoard implements TransferReport {
  private static final long INTERVAL = 100_000_000;
  private static final int MOST_LINES = 20;
  private static final int BAR = 24;

  private static final class Item {
    String state = "";
    long done;
    long total;
    long from;
    long since;
  }

  private final PrintStream err;
  private final int columns;
  private final LongSupplier clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Item> items = new LinkedHashMap<>();
  private long drawnAt;
  private int lines;
  private boolean changed;

  /**
   * @param columns the width of the terminal
   * @param clock nanoseconds
   */
  TransferBoard(PrintStream err, int columns, LongSupplier clock) {
    this.err = err;
    this.columns = columns;
    this.clock = clock;
    this.drawnAt = clock.getAsLong() - INTERVAL;
  }

  @Override
  public void report(String item, String state, long done, long total) {
    lock.lock();
    try {
      long now = clock.getAsLong();
      Item known = items.computeIfAbsent(item, name -> new Item());
      if (!known.state.equals(state)) {
        known.state = state;
        known.from = done;
        known.since = now;
      }
      known.done = done;
      known.total = total;
      changed = true;
      if (now - drawnAt >= INTERVAL) {
        draw(now);
      }
    } finally {
      lock.unlock();
    }
  }

  private void draw(long now) {
    drawnAt = now;
    changed = false;
    List<String> text = new ArrayList<>();
    for (Map.Entry<String, Item> each : items.entrySet()) {
      if (text.size() == MOST_LINES) {
        text.add("... and %d more".formatted(items.size() - MOST_LINES));
        break;
      }
      text.add(line(each.getKey(), each.getValue(), now));
    }
    StringBuilder out = new StringBuilder();
    if (lines > 0) {
      out.append("\u001b[").append(lines).append('A');
    }
    for (String line : text) {
      out.append("\r\u001b[K").append(Table.cut(Table.printable(line), columns - 1)).append("\r\n");
    }
    lines = text.size();
    err.print(out);
    err.flush();
  }

  private static String line(String name, Item item, long now) {
    String head = "%-12s  %-11s".formatted(TransferReport.shown(name), item.state);
    boolean moves = item.total > 0 && item.done < item.total;
    if (!moves) {
      return item.total > 0 ? head + "  " + Words.bytes(item.total) : head.stripTrailing();
    }
    int filled = (int) (BAR * item.done / item.total);
    String bar = "[" + "=".repeat(filled) + " ".repeat(BAR - filled) + "]";
    String amount = "%8s of %-8s".formatted(Words.bytes(item.done), Words.bytes(item.total));
    double seconds = (now - item.since) / 1e9;
    double rate = seconds < 0.5 ? 0 : (item.done - item.from) / seconds;
    String speed = "";
    if (rate > 0) {
      long left = Math.round((item.total - item.done) / rate);
      speed = "  %s/s  %s".formatted(Words.bytes((long) rate), clock(left));
    }
    return head + "  " + bar + " " + amount + speed;
  }

  private static String clock(long seconds) {
    return seconds < 60
        ? seconds + "s"
        : seconds < 3600
            ? String.format(Locale.ROOT, "%dm%02ds", seconds / 60, seconds % 60)
            : String.format(Locale.ROOT, "%dh%02dm", seconds / 3600, seconds / 60 % 60);
  }

  /** Leaves the last state on the terminal. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (changed) {
        draw(clock.getAsLong());
      }
    } finally {
      lock.unlock();
    }
  }
}
