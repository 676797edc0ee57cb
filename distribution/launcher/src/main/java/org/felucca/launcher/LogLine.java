package org.felucca.launcher;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;

/**
 * One record, one line: time (UTC), level, logger, message, and the chain of causes as {@code
 * error="..."}. A parameter that stands behind an equals sign is quoted when it has to be, so that
 * key=value pairs can be taken apart again.
 */
final class LogLine extends Formatter {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  /** A chain of causes longer than this is a loop or no longer helps. */
  private static final int LONGEST_CHAIN = 8;

  @Override
  public String format(LogRecord record) {
    StringBuilder line = new StringBuilder(160);
    TIME.formatTo(Instant.ofEpochMilli(record.getMillis()), line);
    line.append(' ').append(name(record.getLevel())).append(' ');
    String logger = record.getLoggerName();
    line.append(logger == null || logger.isEmpty() ? "root" : logger).append(' ');
    String message = record.getMessage();
    appendMessage(line, message == null ? "" : message, record.getParameters());
    Throwable thrown = record.getThrown();
    if (thrown != null) {
      StringBuilder chain = new StringBuilder();
      appendChain(chain, thrown);
      line.append(" error=");
      appendQuoted(line, chain.toString());
    }
    return line.append('\n').toString();
  }

  private static String name(Level level) {
    int value = level.intValue();
    if (value >= Level.SEVERE.intValue()) {
      return "ERROR";
    } else if (value >= Level.WARNING.intValue()) {
      return "WARN ";
    } else if (value >= Level.CONFIG.intValue()) {
      return "INFO ";
    }
    return value >= Level.FINE.intValue() ? "DEBUG" : "TRACE";
  }

  /** Fills {0}, {1} ... in as they are: MessageFormat would write 12,345 for a pid. */
  private static void appendMessage(
      StringBuilder line, String message, @Nullable Object @Nullable [] parameters) {
    if (parameters == null || parameters.length == 0) {
      appendEscaped(line, message, false);
      return;
    }
    int at = 0;
    while (at < message.length()) {
      char c = message.charAt(at);
      int close = c == '{' ? message.indexOf('}', at) : -1;
      int index = close < 0 ? -1 : index(message, at + 1, close);
      if (index >= 0 && index < parameters.length) {
        String value = String.valueOf(parameters[index]);
        if (at > 0 && message.charAt(at - 1) == '=' && needsQuotes(value)) {
          appendQuoted(line, value);
        } else {
          appendEscaped(line, value, false);
        }
        at = close + 1;
      } else {
        // As java.text.MessageFormat has it: two apostrophes stand for one.
        boolean doubled = c == '\'' && message.startsWith("''", at);
        appendEscaped(line, String.valueOf(c), false);
        at += doubled ? 2 : 1;
      }
    }
  }

  private static int index(String message, int from, int to) {
    if (to - from < 1 || to - from > 2) {
      return -1;
    }
    int index = 0;
    for (int i = from; i < to; i++) {
      int digit = message.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      index = 10 * index + digit;
    }
    return index;
  }

  private static void appendChain(StringBuilder chain, Throwable thrown) {
    Throwable cause = thrown;
    for (int depth = 0; cause != null && depth < LONGEST_CHAIN; depth++) {
      if (depth > 0) {
        chain.append("; caused by ");
      }
      chain.append(cause.getClass().getSimpleName());
      String message = cause.getMessage();
      if (message != null) {
        chain.append(": ").append(message);
      }
      StackTraceElement[] stack = cause.getStackTrace();
      if (stack.length > 0) {
        chain.append(" at ").append(place(stack));
      }
      cause = cause.getCause();
    }
  }

  /** Where it was thrown, and the nearest line of our own when that is another one. */
  private static String place(StackTraceElement[] stack) {
    String top = frame(stack[0]);
    for (StackTraceElement element : stack) {
      if (element.getClassName().startsWith("org.felucca.")) {
        String ours = frame(element);
        return ours.equals(top) ? top : top + " in " + ours;
      }
    }
    return top;
  }

  private static String frame(StackTraceElement element) {
    String type = element.getClassName();
    return type.substring(type.lastIndexOf('.') + 1)
        + "."
        + element.getMethodName()
        + ":"
        + element.getLineNumber();
  }

  private static boolean needsQuotes(String value) {
    if (value.isEmpty()) {
      return true;
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c <= ' ' || c == '"' || c == '=' || c == 0x7f) {
        return true;
      }
    }
    return false;
  }

  private static void appendQuoted(StringBuilder line, String value) {
    line.append('"');
    appendEscaped(line, value, true);
    line.append('"');
  }

  /** Control characters never reach the terminal or break the line, whoever sent the text. */
  private static void appendEscaped(StringBuilder line, String value, boolean quoted) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append(quoted ? "\\t" : " ");
        case '"' -> line.append(quoted ? "\\\"" : "\"");
        default -> {
          if (c < ' ' || (c >= 0x7f && c < 0xa0)) {
            line.append(String.format("\\u%04x", (int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
  }
}
