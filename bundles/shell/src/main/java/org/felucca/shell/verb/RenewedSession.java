package org.felucca.shell.verb;

import java.io.PrintStream;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.felix.gogo.runtime.CommandSessionImpl;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.felucca.shell.session.Gogo;
import org.jline.terminal.Terminal;

/**
 * The gogo session of an interactive shell. gogo writes by interruptible channels, which a thread
 * that is interrupted while it writes closes for good; so the session is replaced after a command
 * was interrupted, and what the user has set goes over.
 */
final class RenewedSession implements AutoCloseable {
  private final CommandProcessor processor;
  private final Terminal terminal;
  private final Supplier<PrintStream> outputs;
  private final Consumer<CommandSession> prepare;
  private volatile CommandSession session;
  private volatile boolean interrupted;

  /**
   * @param outputs makes the stream that a session writes to
   * @param prepare sets what every session has
   */
  RenewedSession(
      CommandProcessor processor,
      Terminal terminal,
      Supplier<PrintStream> outputs,
      Consumer<CommandSession> prepare) {
    this.processor = processor;
    this.terminal = terminal;
    this.outputs = outputs;
    this.prepare = prepare;
    this.session = open();
  }

  private CommandSession open() {
    PrintStream out = outputs.get();
    CommandSession fresh = processor.createSession(terminal.input(), out, out);
    prepare.accept(fresh);
    return fresh;
  }

  /** The session of now. */
  CommandSession session() {
    return session;
  }

  /** Interrupts what runs. */
  void interrupt() {
    interrupted = true;
    Gogo.interruptJobs(session);
  }

  /** Runs a line. */
  void execute(String line) throws Exception {
    try {
      Gogo.execute(session, line);
    } finally {
      if (interrupted) {
        renew();
      }
    }
  }

  private void renew() {
    interrupted = false;
    CommandSession old = session;
    CommandSession fresh = open();
    if (old.get(CommandSessionImpl.VARIABLES) instanceof Set<?> names) {
      for (Object name : names) {
        String variable = String.valueOf(name);
        if (fresh.get(variable) == null) {
          fresh.put(variable, old.get(variable));
        }
      }
    }
    session = fresh;
    old.close();
  }

  @Override
  public void close() {
    session.close();
  }
}
