package org.felucca.shell.session;

/**
 * Why a worker shall stop.
 *
 * @param status the client's exit status
 * @param toldClient whether the client is told why in words (it knows of its own signals)
 */
public record Cancellation(int status, boolean toldClient) {
  /** There is nobody to answer. */
  static final Cancellation CLIENT_GONE = new Cancellation(125, false);

  /** The shell goes, and the client has not said how to go on. */
  public static final Cancellation SHELL_REPLACED = new Cancellation(125, true);
}
