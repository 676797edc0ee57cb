package org.felucca.shell.session;

import java.util.Locale;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * Ends a command with a status other than 0. Its message is what the user is told, or null if there
 * is nothing to say.
 */
public final class ExitStatus extends Exception {
  private static final long serialVersionUID = 1L;

  /** The engine or the command line is at fault, not the container; as docker has it. */
  public static final int ENGINE = 125;

  /** The program of the container can't be executed. */
  public static final int NOT_EXECUTABLE = 126;

  /** The program of the container is not there. */
  public static final int NOT_FOUND = 127;

  private static final Pattern MISSING =
      Pattern.compile(
          "executable file .*not found|exec.*no such file or directory|command not found");
  private static final Pattern REFUSED =
      Pattern.compile(
          "exec.*(permission denied|operation not permitted|is a directory|not a directory|exec format error)");

  private final int status;

  /** Ends with a status and without a word: the status of a container. */
  public ExitStatus(int status) {
    this(status, null, null);
  }

  /** Ends with a status and a message. */
  public ExitStatus(int status, @Nullable String message, @Nullable Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  /**
   * A process that the runtime did not start: its message tells whether the program is missing or
   * refused.
   */
  public static ExitStatus notStarted(EngineException e) {
    String message = String.valueOf(e.getMessage());
    String text = message.toLowerCase(Locale.ROOT);
    int status =
        MISSING.matcher(text).find()
            ? NOT_FOUND
            : REFUSED.matcher(text).find() ? NOT_EXECUTABLE : ENGINE;
    return new ExitStatus(status, message, e);
  }

  /** The status that any failure of a command ends with. */
  public static int of(Throwable failure) {
    return failure instanceof ExitStatus exit ? exit.status : ENGINE;
  }

  /** What the user is told of a failure, or null if nothing. */
  public static @Nullable String message(Throwable failure) {
    return switch (failure) {
      case ExitStatus exit -> exit.getMessage();
      case EngineException e -> e.getMessage();
      case InterruptedException e -> "interrupted";
      default -> failure.getMessage() == null ? failure.toString() : failure.getMessage();
    };
  }

  /** The status. */
  public int status() {
    return status;
  }
}
