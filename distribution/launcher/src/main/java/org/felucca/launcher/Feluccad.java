package org.felucca.launcher;

import java.util.List;

/** feluccad's main class. */
public final class Feluccad {
  private Feluccad() {}

  /**
   * Runs the engine until a signal stops it.
   *
   * @param arguments see {@code feluccad --help}
   */
  public static void main(String[] arguments) {
    // Before the first class with a logger is loaded.
    System.setProperty("java.util.logging.manager", SteadyLogManager.class.getName());
    System.exit(Launcher.run(List.of(arguments)));
  }
}
