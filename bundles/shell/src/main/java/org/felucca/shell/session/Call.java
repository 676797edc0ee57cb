package org.felucca.shell.session;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Process;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * One call of a verb: where it reads and writes, and for whom.
 *
 * @param services the ways to the engine
 * @param session the gogo session
 * @param client the connected client, or null in a gogo session that came another way
 * @param in its standard input
 * @param out its standard output, a pipe perhaps
 * @param err its standard error
 */
public record Call(
    Services services,
    CommandSession session,
    @Nullable Client client,
    InputStream in,
    PrintStream out,
    PrintStream err) {
  /** The session variable that holds the client; hidden, for its name begins with a dot. */
  public static final String CLIENT = ".felucca.client";

  /**
   * The session variable that is set while the session is one of several commands: an interactive
   * shell or a script.
   */
  public static final String SHELL = ".felucca.shell";

  /** The session variable with the CommandProcessor. */
  public static final String PROCESSOR = ".felucca.processor";

  /** The session variable with the Path of the file that keeps what was typed. */
  public static final String HISTORY = ".felucca.history";

  private static final int USUAL_WIDTH = 80;

  /** The call of a gogo function that runs in a session. */
  public static Call of(Services services, CommandSession session) {
    Client client = session.get(CLIENT) instanceof Client found ? found : null;
    Process process = Process.Utils.current();
    if (process != null) {
      return new Call(services, session, client, process.in(), process.out(), process.err());
    }
    if (client != null) {
      return new Call(services, session, client, client.in(), client.out(), client.err());
    }
    return new Call(
        services, session, null, session.getKeyboard(), session.getConsole(), session.getConsole());
  }

  /** The client, for a command that is nothing without its terminal and streams. */
  public Client requireClient() {
    if (client == null) {
      throw EngineException.precondition(
          "this command joins a container to the terminal of the felucca client, and this session has none; "
              + "use felucca on the command line, or -d and felucca logs");
    }
    return client;
  }

  /** Whether more commands follow on the same connection. */
  public boolean inShell() {
    return session.get(SHELL) != null;
  }

  /** Whether a person sees what is written to standard output. */
  public boolean isTerminal() {
    if (client == null || !client.hello().isTerminal(1)) {
      return false;
    }
    Process process = Process.Utils.current();
    return process == null || process.isTty(1);
  }

  /** Whether a person sees what is written to standard error. */
  public boolean isErrorTerminal() {
    return client != null && client.hello().isTerminal(2);
  }

  /** Whether colours are wanted. */
  public boolean isColoured() {
    return client != null && isTerminal() && isColoured(client);
  }

  /** Whether a client's standard output is a terminal that shows colours, and may. */
  public static boolean isColoured(Client client) {
    Map<String, String> environment = client.hello().environment();
    return client.hello().isTerminal(1)
        && environment.getOrDefault("NO_COLOR", "").isEmpty()
        && !"dumb".equals(environment.get("TERM"));
  }

  /** The width of the terminal that is written to; 0 if none is. */
  public int columns() {
    if (client == null || !isTerminal()) {
      return 0;
    }
    return client.size().columns();
  }

  /** The width of the terminal that standard error is written to; 80 without one. */
  public int errorColumns() {
    int columns = client == null || !isErrorTerminal() ? 0 : client.size().columns();
    return columns == 0 ? USUAL_WIDTH : columns;
  }

  /** The width that text for people is broken to. */
  public int textColumns() {
    int columns = columns();
    return columns == 0 ? USUAL_WIDTH : Math.max(40, columns);
  }

  /** A variable of the client's environment, or null. */
  public @Nullable String environment(String name) {
    return client == null ? null : client.hello().environment().get(name);
  }

  /**
   * A path that the client named.
   *
   * @throws EngineException INVALID_ARGUMENT if it is relative and the client's folder is unknown
   */
  public Path path(String text) {
    String directory = client == null ? "" : client.hello().directory();
    Path path = Path.of(text);
    if (path.isAbsolute()) {
      return path.normalize();
    }
    if (directory.isEmpty()) {
      throw EngineException.invalid(
          "path "
              + text
              + " is relative, and the current folder is unknown; give an absolute path");
    }
    return Path.of(directory).resolve(path).normalize();
  }

  /**
   * As {@link #resume}, for a command that then writes again, byte for byte, all that it writes
   * from here on, of which nothing is lost or doubled so.
   */
  public void position(List<String> arguments) throws IOException {
    if (client != null && !inShell()) {
      client.position(arguments);
    }
  }

  /** Says what to do when the connection is lost; in a shell, the shell is what goes on. */
  public void resume(List<String> arguments) throws IOException {
    if (client != null && !inShell()) {
      client.resume(arguments);
    }
  }

  /**
   * Does what must be done also when the caller has been interrupted; the interrupt is kept for
   * later.
   */
  public static <T> T uninterrupted(Callable<T> work) throws Exception {
    boolean interrupted = Thread.interrupted();
    try {
      return work.call();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
