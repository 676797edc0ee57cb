package org.felucca.shell.verb;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.apache.felix.gogo.jline.Highlighter;
import org.apache.felix.gogo.jline.Parser;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.felucca.api.Scope;
import org.felucca.shell.session.Call;
import org.felucca.shell.session.CarriageReturns;
import org.felucca.shell.session.Client;
import org.felucca.shell.session.ClientListener;
import org.felucca.shell.session.ExitStatus;
import org.felucca.shell.session.Gogo;
import org.felucca.shell.wire.Size;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jline.terminal.impl.ExternalTerminal;

/**
 * The interactive shell: a gogo session of its own behind a line editor. The client's terminal is
 * in raw mode; what commands write goes to it with carriage returns. When the connection is lost,
 * the client opens the shell anew.
 */
final class InteractiveShell {
  private static final Set<String> LEAVE = Set.of("exit", "quit", "logout");
  private static final String PROMPT = "felucca> ";
  private static final String RED = "\u001b[31m";
  private static final String BOLD_BLUE = "\u001b[1;34m";
  private static final String PLAIN = "\u001b[0m";

  private final Call call;
  private final Client client;
  private final Scope scope;
  private final boolean coloured;

  /**
   * @param scope the namespace that it works in
   */
  InteractiveShell(Call call, Client client, Scope scope) {
    this.scope = scope;
    this.call = call;
    this.client = client;
    this.coloured = call.isColoured();
  }

  /** Reads and runs lines until the user leaves. */
  void run(boolean greeting) throws Exception {
    String type = call.environment("TERM");
    client.raw(true);
    client.resume(List.of("shell", "--again"));
    PrintStream out = output();
    try (Terminal terminal =
            new ExternalTerminal(
                "felucca",
                type == null ? "dumb" : type,
                client.in(),
                client.out(),
                StandardCharsets.UTF_8,
                SignalHandler.SIG_IGN);
        RenewedSession session =
            new RenewedSession(
                processor(), terminal, this::output, fresh -> prepare(fresh, terminal))) {
      ClientListener listener =
          new ClientListener() {
            @Override
            public void resized() {
              resize(terminal);
              terminal.raise(Signal.WINCH);
            }

            @Override
            public boolean signalled(int signal) {
              session.interrupt();
              return true;
            }
          };
      resize(terminal);
      client.listen(listener);
      terminal.handle(Signal.INT, signal -> interrupt(session, terminal));
      try {
        LineReader reader = reader(session, terminal);
        if (greeting) {
          out.println("Felucca's shell: help lists the verbs, the tab key completes, exit leaves.");
        }
        try (BundleNews _ = new BundleNews(call.services(), reader)) {
          loop(session, reader, out);
        }
      } finally {
        client.unlisten(listener);
      }
    } finally {
      if (client.cancellation() == null) {
        client.raw(false);
      }
    }
  }

  private PrintStream output() {
    return new PrintStream(new CarriageReturns(client.out()), true, StandardCharsets.UTF_8);
  }

  private CommandProcessor processor() {
    return (CommandProcessor) call.session().get(Call.PROCESSOR);
  }

  private void prepare(CommandSession session, Terminal terminal) {
    Gogo.prepare(session);
    session.put(Call.CLIENT, client);
    session.put(Call.SHELL, "shell");
    session.put(Verb.NAMESPACE, call.session().get(Verb.NAMESPACE));
    session.put(".terminal", terminal);
  }

  private LineReader reader(RenewedSession session, Terminal terminal) {
    LineReaderBuilder builder =
        LineReaderBuilder.builder()
            .appName("felucca")
            .terminal(terminal)
            .parser(new Parser())
            .completer(new VerbCompleter(call.services(), session::session, scope));
    if (coloured) {
      builder.highlighter(new Highlighter(session.session()));
    }
    if (call.session().get(Call.HISTORY) instanceof Path file) {
      builder.variable(LineReader.HISTORY_FILE, file);
    }
    return builder
        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
        .option(LineReader.Option.INSERT_TAB, false)
        .build();
  }

  private void loop(RenewedSession session, LineReader reader, PrintStream out) throws IOException {
    String prompt = coloured ? BOLD_BLUE + PROMPT + PLAIN : PROMPT;
    while (client.cancellation() == null) {
      String line;
      try {
        line = reader.readLine(prompt);
      } catch (UserInterruptException e) {
        continue;
      } catch (EndOfFileException e) {
        return;
      }
      if (LEAVE.contains(line.strip())) {
        return;
      }
      if (line.isBlank()) {
        continue;
      }
      try {
        session.execute(line);
      } catch (Exception e) {
        complain(out, e);
      }
    }
  }

  /** The terminal has written {@code ^C} into its buffer by now. */
  private static void interrupt(RenewedSession session, Terminal terminal) {
    terminal.writer().println();
    terminal.flush();
    session.interrupt();
  }

  private void complain(PrintStream out, Exception e) {
    String message = ExitStatus.message(e);
    // Whoever pressed ctrl-c knows.
    if (message != null && !(e instanceof InterruptedException)) {
      out.println((coloured ? RED : "") + "felucca: " + message + (coloured ? PLAIN : ""));
    }
  }

  private void resize(Terminal terminal) {
    Size size = client.size();
    terminal.setSize(
        new org.jline.terminal.Size(Math.max(1, size.columns()), Math.max(1, size.rows())));
  }
}
