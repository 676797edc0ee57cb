package org.felucca.launcher;

import java.util.logging.LogManager;

/**
 * Keeps logging until the process is gone: the JDK's own manager takes all handlers away as soon as
 * the JVM begins to shut down, and what bundles say while they stop would be lost.
 */
public final class SteadyLogManager extends LogManager {
  /**
   * Called by the JDK, which finds this class by the system property {@code
   * java.util.logging.manager}.
   */
  public SteadyLogManager() {}

  @Override
  public void readConfiguration() {
    // The command line says what is logged; a logging.properties of the JDK's does not.
  }

  @Override
  public void reset() {
    // Called by the JVM's shutdown hook.
  }
}
