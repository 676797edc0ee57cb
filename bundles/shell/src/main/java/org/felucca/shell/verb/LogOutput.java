package org.felucca.shell.verb;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.function.LongFunction;
import org.felucca.api.EngineException;
import org.felucca.api.container.LogSink;
import org.felucca.shell.session.Call;

/**
 * A log on its way to the client; behind each piece the client is told where to go on after a lost
 * connection.
 */
final class LogOutput implements LogSink {
  private final Call call;
  private final LongFunction<List<String>> resumption;
  private long position;
  private boolean fresh;
  private boolean broken;

  /**
   * @param resumption the arguments with which a client goes on from a position
   */
  LogOutput(Call call, long from, LongFunction<List<String>> resumption) {
    this.call = call;
    this.position = from;
    this.fresh = from == 0;
    this.resumption = resumption;
  }

  @Override
  public void text(boolean stderr, byte[] text, int length, long next) {
    PrintStream to = stderr ? call.err() : call.out();
    to.write(text, 0, length);
    to.flush();
    broken = to.checkError();
    if (!broken) {
      position = next;
      fresh = false;
      try {
        call.position(resumption.apply(next));
      } catch (IOException e) {
        broken = true;
      }
    }
    if (broken) {
      throw EngineException.cancelled("the reader of the log has gone");
    }
  }

  /** Where to go on. */
  long position() {
    return position;
  }

  /** Whether nothing was read yet. */
  boolean isFresh() {
    return fresh;
  }

  /** Whether the client takes nothing any more. */
  boolean isBroken() {
    return broken || Thread.currentThread().isInterrupted();
  }
}
