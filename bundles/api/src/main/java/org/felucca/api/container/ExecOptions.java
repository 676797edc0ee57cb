package org.felucca.api.container;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A further process in a running container.
 *
 * @param command the arguments, at least one
 * @param env variables {@code NAME=value}, over those of the container
 * @param user {@code user[:group]}, or null for the container's
 * @param cwd the working folder, or null for the container's
 * @param terminal whether it gets a terminal
 * @param stdin whether its standard input stays open; else it reads the end of input at once
 * @param size the size of the terminal at its start, or null if nobody knows
 * @param attached whether a client will take its output and forget it; else its output is dropped,
 *     and the engine forgets it when it has ended
 */
public record ExecOptions(
    List<String> command,
    List<String> env,
    @Nullable String user,
    @Nullable String cwd,
    boolean terminal,
    boolean stdin,
    @Nullable TerminalSize size,
    boolean attached) {
  /** Copies the collections. */
  public ExecOptions {
    command = List.copyOf(command);
    env = List.copyOf(env);
  }
}
