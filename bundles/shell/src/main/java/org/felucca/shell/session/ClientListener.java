package org.felucca.shell.session;

/**
 * Hears what happens at the client's terminal. Called on the thread that reads the connection: must
 * return at once.
 */
public interface ClientListener {
  /** The terminal has another size. */
  default void resized() {}

  /**
   * A signal came.
   *
   * @return whether it was taken; else the command is cancelled
   */
  default boolean signalled(int signal) {
    return false;
  }
}
