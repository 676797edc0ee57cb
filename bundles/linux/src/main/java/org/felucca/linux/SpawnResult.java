package org.felucca.linux;

import java.nio.charset.StandardCharsets;

/**
 * How a program ended.
 *
 * @param status what it exited with, 0 to 255; 128 and the signal's number if one ended it
 * @param signal that ended it, 0 if it exited
 * @param output its standard output, up to the limit
 * @param error its standard error, up to the limit; empty if merged
 * @param truncated whether there was more than the limit
 * @param complete whether both streams were read to their end; false if a child kept one open
 *     longer than the grace
 * @param timedOut whether it was killed at its deadline
 */
public record SpawnResult(
    int status,
    int signal,
    byte[] output,
    byte[] error,
    boolean truncated,
    boolean complete,
    boolean timedOut) {
  /** Whether it exited with 0 in time. */
  public boolean succeeded() {
    return status == 0 && !timedOut;
  }

  /** Its standard output as UTF-8. */
  public String outputText() {
    return new String(output, StandardCharsets.UTF_8);
  }

  /** Its standard error as UTF-8. */
  public String errorText() {
    return new String(error, StandardCharsets.UTF_8);
  }
}
