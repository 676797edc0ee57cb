package org.felucca.shell.verb;

import java.io.PrintStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.shell.view.Table;
import org.felucca.shell.view.Words;

/** Where nobody looks at a terminal: a line when something of a transfer comes to its end. */
final class TransferLines implements TransferReport {
  /** What is said at once; that bytes come is no news. */
  private static final Set<String> NEWS =
      Set.of(
          "resolving",
          "downloaded",
          "exists",
          "unpacked",
          "pushed",
          "mounted",
          "done",
          "not for this machine");

  private final PrintStream err;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, String> said = new HashMap<>();

  TransferLines(PrintStream err) {
    this.err = err;
  }

  @Override
  public void report(String item, String state, long done, long total) {
    if (!NEWS.contains(state)) {
      return;
    }
    lock.lock();
    try {
      if (state.equals(said.put(item, state))) {
        return;
      }
      String amount = total > 0 ? " (" + Words.bytes(total) + ")" : "";
      err.println(Table.printable(TransferReport.shown(item) + ": " + state + amount));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {}
}
