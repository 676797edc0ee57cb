package org.felucca.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Instant;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class LogLineTest {
  private static LogRecord record(String message, Object... parameters) {
    LogRecord record = new LogRecord(Level.INFO, message);
    record.setLoggerName("org.felucca.x");
    record.setInstant(Instant.parse("2026-11-24T13:00:00.042Z"));
    record.setParameters(parameters);
    return record;
  }

  private static String message(String message, Object... parameters) {
    String line = new LogLine().format(record(message, parameters));
    String prefix = "2026-11-24T13:00:00.042Z INFO  org.felucca.x ";
    assertTrue(line.startsWith(prefix) && line.endsWith("\n"), line);
    return line.substring(prefix.length(), line.length() - 1);
  }

  @Test
  void format_numbers_haveNoGroups() {
    assertEquals("started pid=12345", message("started pid={0}", 12345));
  }

  @Test
  void format_valueWithSpaces_isQuoted() {
    assertEquals("name=\"a \\\"b\\\"\" other=c", message("name={0} other={1}", "a \"b\"", "c"));
    assertEquals("name=\"\"", message("name={0}", ""));
  }

  @Test
  void format_valueInASentence_isNotQuoted() {
    assertEquals("removed a b", message("removed {0}", "a b"));
  }

  @Test
  void format_lineBreaksAndEscapes_stayOnOneLineAndOffTheTerminal() {
    assertEquals("a\\nb \\u001b[31m", message("a\nb \u001b[31m"));
    assertEquals("v=\"x\\ny\"", message("v={0}", "x\ny"));
  }

  @Test
  void format_braces_thatNameNoParameterStay() {
    assertEquals("{} {1} {x} one", message("{} {1} {x} {0}", "one"));
    assertEquals("{0}", message("{0}"));
    assertEquals("can't one", message("can''t {0}", "one"));
  }

  @Test
  void format_exception_givesTheChainInOneLine() {
    LogRecord record = record("failed");
    record.setThrown(new IllegalStateException("outer", new IOException("in\nner")));
    String line = new LogLine().format(record);
    assertTrue(line.contains("failed error=\"IllegalStateException: outer at LogLineTest."), line);
    assertTrue(line.contains("; caused by IOException: in\\nner at LogLineTest."), line);
    assertEquals(line.length() - 1, line.indexOf('\n'));
  }

  @Test
  void format_exceptionThatCausesItself_ends() {
    Exception a = new Exception("a");
    Exception b = new Exception("b", a);
    a.initCause(b);
    LogRecord record = record("loop");
    record.setThrown(a);
    assertTrue(new LogLine().format(record).length() < 2_000);
  }
}
