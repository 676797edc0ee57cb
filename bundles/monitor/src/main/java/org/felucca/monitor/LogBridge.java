package org.felucca.monitor;

import java.time.Instant;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.osgi.framework.Bundle;
import org.osgi.service.log.LogEntry;
import org.osgi.service.log.LogLevel;
import org.osgi.service.log.LogListener;

/** Each entry of the OSGi log service becomes a log record of the logger {@code osgi}. */
final class LogBridge implements LogListener {
  private static final Logger LOG = Logger.getLogger("osgi");

  @Override
  public void logged(LogEntry entry) {
    String name = entry.getLoggerName();
    if (name != null && name.startsWith("Events.") && entry.getException() == null) {
      return; // each bundle's and each service's coming and going, told as it happens by the
      // framework itself
    }
    Level level = level(entry.getLogLevel());
    if (!LOG.isLoggable(level)) {
      return;
    }
    Bundle bundle = entry.getBundle();
    LogRecord record =
        new LogRecord(
            level,
            bundle == null
                ? entry.getMessage()
                : entry.getMessage() + " bundle=" + bundle.getSymbolicName());
    record.setLoggerName(LOG.getName());
    record.setInstant(Instant.ofEpochMilli(entry.getTime()));
    record.setThrown(entry.getException());
    LOG.log(record);
  }

  static Level level(LogLevel level) {
    return switch (level) {
      case AUDIT, INFO -> Level.INFO;
      case ERROR -> Level.SEVERE;
      case WARN -> Level.WARNING;
      case DEBUG -> Level.FINE;
      case TRACE -> Level.FINEST;
    };
  }
}
