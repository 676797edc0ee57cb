package org.felucca.linux;

/**
 * A kernel call that failed. The message names the call, what it was made on and the symbolic
 * error, for example {@code mkdirat(/var/lib/felucca, "a"): ENOSPC (no space left on device)}.
 */
public final class LinuxException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int number;
  private final String call;
  private final String operand;

  LinuxException(String call, String operand, int number, String hint) {
    super(text(call, operand, number, hint));
    this.number = number;
    this.call = call;
    this.operand = operand;
  }

  LinuxException(String call, String operand, Errno errno) {
    this(call, operand, errno.number(), "");
  }

  LinuxException(String call, String operand, Errno errno, String hint) {
    this(call, operand, errno.number(), hint);
  }

  private static String text(String call, String operand, int number, String hint) {
    Errno errno = Errno.of(number);
    String symbol = errno == Errno.UNKNOWN ? "errno " + number : errno.name();
    return call
        + "("
        + operand
        + "): "
        + symbol
        + " ("
        + errno.text()
        + ")"
        + (hint.isEmpty() ? "" : ": " + hint);
  }

  /** The error, {@link Errno#UNKNOWN} if this kernel has one that the table lacks. */
  public Errno errno() {
    return Errno.of(number);
  }

  /** The kernel's error number. */
  public int number() {
    return number;
  }

  /** The name of the call that failed, as in section 2 of the manual. */
  public String call() {
    return call;
  }

  /** What the call was made on: a path, a name below a folder, a process. */
  public String operand() {
    return operand;
  }

  /** Whether the error is {@code errno}. */
  public boolean is(Errno errno) {
    return number == errno.number() && errno != Errno.UNKNOWN;
  }
}
