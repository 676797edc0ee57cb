package org.felucca.shell.verb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What people and files are shown of a transfer. */
class TransferReportTest {
  private static final String LAYER = "sha256:" + "ab".repeat(32);

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
  private final AtomicLong now = new AtomicLong();

  private String shown() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void board_layerThatMoves_hasBarRateAndTime() {
    try (TransferReport board = new TransferBoard(stream, 120, now::get)) {
      board.report("box:1", "resolving", 0, 0);
      now.addAndGet(1_000_000_000L);
      board.report(LAYER, "downloading", 0, 100_000_000);
      now.addAndGet(2_000_000_000L);
      board.report(LAYER, "downloading", 20_000_000, 100_000_000);
    }
    String last = shown().substring(shown().lastIndexOf("\u001b[2A"));
    assertTrue(last.contains("box:1         resolving"), last);
    assertTrue(last.contains("abababababab  downloading  [====                    ]"), last);
    assertTrue(last.contains("20.0MB of 100MB"), last);
    assertTrue(last.contains("10.0MB/s  8s"), last);
  }

  @Test
  void board_end_leavesTheLastState() {
    try (TransferReport board = new TransferBoard(stream, 80, now::get)) {
      board.report(LAYER, "downloading", 1, 10);
      board.report(LAYER, "unpacked", 10, 10);
    }
    assertTrue(shown().endsWith("\u001b[Kabababababab  unpacked     10B\r\n"), shown());
  }

  @Test
  void board_manyLayers_areCut() {
    try (TransferReport board = new TransferBoard(stream, 80, now::get)) {
      for (int i = 0; i < 30; i++) {
        board.report("layer" + i, "waiting", 0, 10);
      }
    }
    assertTrue(shown().contains("... and 10 more"), shown());
  }

  @Test
  void lines_news_isToldOnce() {
    try (TransferReport lines = new TransferLines(stream)) {
      lines.report(LAYER, "downloading", 1, 10);
      lines.report(LAYER, "downloaded", 10, 10);
      lines.report(LAYER, "downloaded", 10, 10);
      lines.report("box:1", "done", 0, 0);
    }
    assertEquals("abababababab: downloaded (10B)\nbox:1: done\n", shown());
  }
}
