package org.felucca.api.task;

/**
 * Where a process reads from and writes to, as the shim protocol has it: paths of fifos, {@code
 * file://} or {@code binary://} URIs; empty for nothing.
 *
 * @param stdin standard input
 * @param stdout standard output, or all output of a terminal
 * @param stderr standard error; empty with a terminal
 * @param terminal whether it has a terminal
 */
public record ProcessIo(String stdin, String stdout, String stderr, boolean terminal) {
  /** Neither input nor output. */
  public static final ProcessIo NONE = new ProcessIo("", "", "", false);
}
