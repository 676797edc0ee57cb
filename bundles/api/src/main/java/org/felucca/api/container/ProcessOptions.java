package org.felucca.api.container;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What runs in a container. A null says: as the image has it.
 *
 * @param command the arguments; empty for the image's; unmodifiable
 * @param entrypoint what goes before them, or null for the image's; empty for none; unmodifiable
 * @param env variables {@code NAME=value}, over those of the image; unmodifiable
 * @param user {@code user[:group]}, by name or number, or null
 * @param groups further groups, by name or number; unmodifiable
 * @param cwd the working folder, or null
 * @param terminal whether its process gets a terminal
 * @param size the size of the terminal at its start, or null if nobody knows
 * @param stdin whether its standard input stays open
 * @param init whether a small init runs as its first process, which passes signals on and reaps
 * @param ulimits limits by their names in small letters, {@code nofile} for one; unmodifiable
 * @param oomScoreAdj how readily the kernel kills it when memory is short, -1000 to 1000, or null
 */
public record ProcessOptions(
    List<String> command,
    @Nullable List<String> entrypoint,
    List<String> env,
    @Nullable String user,
    List<String> groups,
    @Nullable String cwd,
    boolean terminal,
    @Nullable TerminalSize size,
    boolean stdin,
    boolean init,
    Map<String, Ulimit> ulimits,
    @Nullable Integer oomScoreAdj) {

  /**
   * A limit of setrlimit(2).
   *
   * @param soft what is enforced; -1 for none
   * @param hard up to where the process may raise it; -1 for none
   */
  public record Ulimit(long soft, long hard) {}

  /** Copies the collections. */
  public ProcessOptions {
    command = List.copyOf(command);
    entrypoint = entrypoint == null ? null : List.copyOf(entrypoint);
    env = List.copyOf(env);
    groups = List.copyOf(groups);
    ulimits = Map.copyOf(ulimits);
  }

  /** A command, and all else as the image has it. */
  public static ProcessOptions of(List<String> command) {
    return new ProcessOptions(
        command, null, List.of(), null, List.of(), null, false, null, false, false, Map.of(), null);
  }

  /** With a terminal and standard input, or without. */
  public ProcessOptions withStreams(boolean withTerminal, boolean withStdin) {
    return new ProcessOptions(
        command,
        entrypoint,
        env,
        user,
        groups,
        cwd,
        withTerminal,
        size,
        withStdin,
        init,
        ulimits,
        oomScoreAdj);
  }
}
