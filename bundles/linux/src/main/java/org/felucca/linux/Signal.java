package org.felucca.linux;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A signal by its number, which x86_64 and aarch64 share. Real-time signals count from 34, as for
 * every program of the C library, which keeps 32 and 33 to itself.
 *
 * @param number 1 to 64
 */
public record Signal(int number) {
  private static final int RTMIN = 34;
  private static final int RTMAX = 64;
  private static final List<String> NAMES =
      List.of(
          "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
          "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
          "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");
  private static final Map<String, Integer> NUMBERS = new HashMap<>();

  static {
    for (int number = 1; number < NAMES.size(); number++) {
      NUMBERS.put(NAMES.get(number), number);
    }
    NUMBERS.put("IOT", 6);
    NUMBERS.put("CLD", 17);
    NUMBERS.put("POLL", 29);
  }

  public static final Signal HUP = new Signal(1);
  public static final Signal INT = new Signal(2);
  public static final Signal QUIT = new Signal(3);
  public static final Signal KILL = new Signal(9);
  public static final Signal TERM = new Signal(15);

  public Signal {
    if (number < 1 || number > RTMAX) {
      throw new IllegalArgumentException("no signal: " + number + " (they are 1 to " + RTMAX + ")");
    }
  }

  /**
   * The signal of a name or number: {@code SIGTERM}, {@code term}, {@code 15}, {@code RTMIN+3}.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Signal parse(String text) {
    String name = text.strip().toUpperCase(Locale.ROOT);
    if (name.startsWith("SIG")) {
      name = name.substring(3);
    } else if (!name.isEmpty() && name.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return new Signal(integer(name, text));
    }
    Integer number = NUMBERS.get(name);
    if (number != null) {
      return new Signal(number);
    }
    int realTime = realTime(name, text);
    if (realTime < RTMIN || realTime > RTMAX) {
      throw new IllegalArgumentException("no signal: \"" + text + "\"");
    }
    return new Signal(realTime);
  }

  private static int realTime(String name, String text) {
    if (name.equals("RTMIN")) {
      return RTMIN;
    } else if (name.equals("RTMAX")) {
      return RTMAX;
    } else if (name.startsWith("RTMIN+")) {
      return RTMIN + integer(name.substring(6), text);
    } else if (name.startsWith("RTMAX-")) {
      return RTMAX - integer(name.substring(6), text);
    }
    return -1;
  }

  private static int integer(String digits, String text) {
    if (digits.isEmpty() || digits.length() > 2) {
      throw new IllegalArgumentException("no signal: \"" + text + "\"");
    }
    try {
      return Integer.parseUnsignedInt(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("no signal: \"" + text + "\"", e);
    }
  }

  /** {@code SIGTERM}, {@code SIGRTMIN+3}; {@code SIG32} for the two without a name. */
  public String name() {
    if (number < NAMES.size()) {
      return "SIG" + NAMES.get(number);
    } else if (number < RTMIN) {
      return "SIG" + number;
    } else if (number == RTMAX) {
      return "SIGRTMAX";
    }
    return number == RTMIN ? "SIGRTMIN" : "SIGRTMIN+" + (number - RTMIN);
  }

  @Override
  public String toString() {
    return name();
  }
}
