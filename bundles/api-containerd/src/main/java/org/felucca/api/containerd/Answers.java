package org.felucca.api.containerd;

import org.felucca.api.EngineException;

/**
 * Where a method that answers more than once sends its answers.
 *
 * @param <R> the type of the answers
 */
@FunctionalInterface
interface Answers<R> {
  /**
   * Sends one; waits while the client does not take what was sent before, so that a slow client
   * costs no memory.
   *
   * @throws EngineException CANCELLED if the client has gone
   */
  void send(R answer);

  /**
   * Tells the client that its call was accepted, where that is not told before the method begins.
   */
  default void accept() {}

  /**
   * Waits until what was sent is handed to the kernel, where the method was made for that.
   *
   * @throws EngineException CANCELLED if the client has gone
   */
  default void settle() {}
}
