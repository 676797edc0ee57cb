package org.felucca.launcher;

import java.util.logging.Level;
import org.apache.felix.framework.Logger;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;

/** Felix's own messages, as log records of the logger {@code felix}. */
final class FrameworkLog extends Logger {
  private static final java.util.logging.Logger LOG = java.util.logging.Logger.getLogger("felix");

  @Override
  @SuppressWarnings("rawtypes") // as Felix declares it
  protected void doLog(
      @Nullable Bundle bundle,
      @Nullable ServiceReference reference,
      int level,
      String message,
      @Nullable Throwable thrown) {
    doLog(
        level, bundle == null ? message : message + " bundle=" + bundle.getSymbolicName(), thrown);
  }

  @Override
  protected void doLog(int level, String message, @Nullable Throwable thrown) {
    LOG.log(level(level), message, thrown);
  }

  private static Level level(int level) {
    return switch (level) {
      case LOG_ERROR -> Level.SEVERE;
      case LOG_WARNING -> Level.WARNING;
      case LOG_INFO -> Level.INFO;
      default -> Level.FINE;
    };
  }
}
