package org.felucca.shell.view;

import java.util.List;
import java.util.Locale;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/** The signals of Linux (signal(7)) on the processors that Felucca runs on. */
public final class Signals {
  /** Number 64, the last of the real-time signals. */
  private static final int LAST = 64;

  private static final int FIRST_REAL_TIME = 34;

  private static final List<String> NAMES =
      List.of(
          "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
          "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
          "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  private Signals() {}

  /**
   * Reads a signal: {@code 9}, {@code KILL}, {@code SIGKILL}, {@code RTMIN+3}, in any case.
   *
   * @throws EngineException INVALID_ARGUMENT
   */
  public static int parse(String text) {
    String name = text.toUpperCase(Locale.ROOT);
    if (name.startsWith("SIG")) {
      name = name.substring(3);
    }
    int number = 0;
    if (name.matches("[0-9]{1,3}")) {
      number = Integer.parseInt(name);
    } else if (name.matches("RTMIN(\\+[0-9]{1,2})?")) {
      number = FIRST_REAL_TIME + offset(name);
    } else if (name.matches("RTMAX(-[0-9]{1,2})?")) {
      number = LAST - offset(name);
    } else if (!name.isEmpty()) {
      number =
          switch (name) {
            case "IOT" -> 6;
            case "CLD" -> 17;
            case "POLL" -> 29;
            default -> NAMES.indexOf(name);
          };
    }
    boolean realTime = number >= FIRST_REAL_TIME && number <= LAST;
    if (number < 1 || (number >= NAMES.size() && !realTime)) {
      throw EngineException.invalid(
          "signal %s is unknown: give a number from 1 to %d or a name such as TERM"
              .formatted(Identifiers.quote(text), LAST));
    }
    return number;
  }

  /** The names, for completion. */
  public static List<String> names() {
    return NAMES.subList(1, NAMES.size());
  }

  private static int offset(String name) {
    return name.length() == "RTMIN".length()
        ? 0
        : Integer.parseInt(name.substring("RTMIN+".length()));
  }
}
