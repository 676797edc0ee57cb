package org.felucca.linux;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A program to run, see {@link Spawner}.
 *
 * @param command the program's absolute path, then its arguments
 * @param environment all of it, nothing is inherited
 * @param folder its working folder
 * @param input what it reads from its standard input, which then ends
 * @param outputLimit bytes kept of each stream; what is more is read and dropped
 * @param merged whether its standard error goes where its standard output goes
 * @param deadline after which it and its whole group are killed
 * @param grace how long to go on reading after its end, if a child of it keeps a stream open
 */
public record SpawnRequest(
    List<String> command,
    Map<String, String> environment,
    String folder,
    byte[] input,
    int outputLimit,
    boolean merged,
    Duration deadline,
    Duration grace) {
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  public SpawnRequest {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
    if (command.isEmpty() || !command.getFirst().startsWith("/")) {
      throw new IllegalArgumentException("a program's absolute path is wanted: " + command);
    }
    for (String name : environment.keySet()) {
      if (name.isEmpty() || name.indexOf('=') >= 0) {
        throw new IllegalArgumentException("no name of a variable: \"" + name + "\"");
      }
    }
    if (outputLimit < 0) {
      throw new IllegalArgumentException("a negative limit: " + outputLimit);
    }
  }

  /**
   * A program with nothing but PATH in its environment, {@code /} as its folder, no input, 1 MiB of
   * each stream kept, a minute's time and half a second's grace.
   */
  public static SpawnRequest of(List<String> command) {
    return new SpawnRequest(
        command,
        Map.of("PATH", PATH),
        "/",
        new byte[0],
        1024 * 1024,
        false,
        Duration.ofMinutes(1),
        Duration.ofMillis(500));
  }

  /** As {@link #of(List)}. */
  public static SpawnRequest of(String... command) {
    return of(List.of(command));
  }

  public SpawnRequest withEnvironment(Map<String, String> all) {
    return new SpawnRequest(command, all, folder, input, outputLimit, merged, deadline, grace);
  }

  public SpawnRequest withFolder(String path) {
    return new SpawnRequest(
        command, environment, path, input, outputLimit, merged, deadline, grace);
  }

  public SpawnRequest withInput(byte[] bytes) {
    return new SpawnRequest(
        command, environment, folder, bytes, outputLimit, merged, deadline, grace);
  }

  public SpawnRequest withOutputLimit(int bytes) {
    return new SpawnRequest(command, environment, folder, input, bytes, merged, deadline, grace);
  }

  public SpawnRequest withMergedOutput() {
    return new SpawnRequest(
        command, environment, folder, input, outputLimit, true, deadline, grace);
  }

  public SpawnRequest withDeadline(Duration atMost) {
    return new SpawnRequest(
        command, environment, folder, input, outputLimit, merged, atMost, grace);
  }

  public SpawnRequest withGrace(Duration atMost) {
    return new SpawnRequest(
        command, environment, folder, input, outputLimit, merged, deadline, atMost);
  }
}
