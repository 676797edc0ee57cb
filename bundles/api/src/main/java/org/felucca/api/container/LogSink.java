package org.felucca.api.container;

/** Takes the text of a log in order. May block, and may throw to end the reading. */
@FunctionalInterface
public interface LogSink {
  /**
   * Takes one or more whole records of one stream.
   *
   * @param stderr whether they came from standard error
   * @param text holds the bytes, with the newlines that there were; only valid during the call
   * @param length how many of them
   * @param position where to go on behind them, for {@link LogQuery#from}
   */
  void text(boolean stderr, byte[] text, int length, long position);
}
