package org.felucca.shell.verb;

import java.io.PrintStream;
import org.felucca.api.Progress;
import org.felucca.shell.verb.ProgressReport.Manner;

/** How far a pull or a push is, on standard error. */
interface TransferReport extends Progress, AutoCloseable {
  @Override
  void close();

  /** On a terminal a board of a line a layer, elsewhere lines. */
  static TransferReport of(Manner manner, PrintStream err, int columns) {
    return switch (manner) {
      case LINE -> new TransferBoard(err, columns, System::nanoTime);
      case PLAIN -> new TransferLines(err);
      case JSON, NONE -> {
        ProgressReport report = new ProgressReport(manner, err, columns);
        yield new TransferReport() {
          @Override
          public void report(String item, String state, long done, long total) {
            report.report(item, state, done, total);
          }

          @Override
          public void close() {
            report.close();
          }
        };
      }
    };
  }

  /** What an item is called on a line: of a digest, what people tell it by. */
  static String shown(String item) {
    int colon = item.indexOf(':');
    return colon > 0 && item.substring(colon + 1).matches("[0-9a-f]{64,}")
        ? item.substring(colon + 1, colon + 13)
        : item;
  }
}
