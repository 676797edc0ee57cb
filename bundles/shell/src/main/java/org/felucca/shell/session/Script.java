package org.felucca.shell.session;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.apache.felix.gogo.runtime.EOFError;
import org.apache.felix.service.command.CommandSession;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.jspecify.annotations.Nullable;

/** Commands line by line, up to the first that fails. */
public final class Script {
  private static final int MAX_COMMAND = 1 << 20;

  private Script() {}

  /**
   * Runs lines. A command that is not finished at the end of its line (within quotes or braces)
   * goes on in the next.
   *
   * @param name what it is, for messages
   * @throws Exception what the first failing command threw
   */
  public static void run(CommandSession session, String name, InputStream in) throws Exception {
    Object before = session.put(Call.SHELL, name);
    Gogo.prepare(session);
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      StringBuilder command = new StringBuilder();
      int number = 0;
      int start = 1;
      EOFException incomplete = null;
      for (String line = next(lines, name); line != null; line = next(lines, name)) {
        number++;
        if (command.isEmpty()) {
          start = number;
          if (line.isBlank() || line.stripLeading().startsWith("#")) {
            continue;
          }
        }
        command.append(line).append('\n');
        if (command.length() > MAX_COMMAND) {
          throw EngineException.invalid(
              "%s, line %d: a command of more than %d characters"
                  .formatted(name, start, MAX_COMMAND));
        }
        try {
          Gogo.execute(session, command);
          incomplete = null;
          command.setLength(0);
        } catch (EOFException e) {
          // gogo says so of a command that goes on, before anything of it has run.
          if (!(e.getCause() instanceof EOFError)) {
            throw e;
          }
          incomplete = e;
        }
      }
      if (incomplete != null) {
        throw new EngineException(
            ErrorKind.INVALID_ARGUMENT,
            "%s, line %d: the command does not end: %s"
                .formatted(name, start, incomplete.getMessage()),
            incomplete);
      }
    } finally {
      session.put(Call.SHELL, before);
    }
  }

  private static @Nullable String next(BufferedReader lines, String name) {
    try {
      return lines.readLine();
    } catch (IOException e) {
      throw new EngineException(
          ErrorKind.FAILED_PRECONDITION, "read " + name + ": " + e.getMessage(), e);
    }
  }
}
