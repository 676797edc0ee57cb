package org.felucca.api.containerd;

import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends to a method that takes more than one message.
 *
 * @param <Q> the type of the messages
 */
@FunctionalInterface
interface Requests<Q> {
  /**
   * Waits for the next one.
   *
   * @return the message, or null when the client will send no more
   * @throws EngineException CANCELLED if the client has gone
   */
  @Nullable Q next();
}
