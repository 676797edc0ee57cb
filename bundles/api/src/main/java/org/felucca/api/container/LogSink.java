package org.felucca.api.container;

import java.time.Instant;

/** Takes the lines of a log in order. May block, and may throw to end the reading. */
@FunctionalInterface
public interface LogSink {
  /**
   * @param at when the shim's side stored it
   * @param stderr whether it came from standard error
   * @param text the bytes, with the newline if there was one; only valid during the call
   * @param position where to go on behind it, for {@link LogQuery#from}
   */
  void line(Instant at, boolean stderr, byte[] text, long position);
}
