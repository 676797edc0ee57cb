package org.felucca.oci;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How containers of an image run unless told otherwise: the member {@code config} of an image
 * config, with Docker's additions.
 *
 * @param user {@code user[:group]}; empty for root
 * @param env variables {@code NAME=value}; unmodifiable
 * @param entrypoint what goes before the arguments, or null
 * @param cmd the arguments, or null
 * @param workingDir the working folder; empty for the root
 * @param exposedPorts such as {@code 80/tcp}; unmodifiable
 * @param volumes folders that want a volume; unmodifiable
 * @param labels its labels; they come from whoever built the image and control nothing;
 *     unmodifiable
 * @param stopSignal by name or number, or null
 * @param healthcheck how to see whether it is well, or null
 * @param shell the shell of the shell form of commands; unmodifiable
 */
public record ContainerConfig(
    String user,
    List<String> env,
    @Nullable List<String> entrypoint,
    @Nullable List<String> cmd,
    String workingDir,
    Set<String> exposedPorts,
    Set<String> volumes,
    Map<String, String> labels,
    @Nullable String stopSignal,
    @Nullable Healthcheck healthcheck,
    List<String> shell) {

  /**
   * How to see whether a container is well. A duration of zero means the default.
   *
   * @param test {@code NONE}, {@code CMD args...} or {@code CMD-SHELL line}; empty to inherit;
   *     unmodifiable
   * @param interval between two tests
   * @param timeout of one test
   * @param startPeriod in which failures do not count
   * @param startInterval between two tests in that period
   * @param retries how many failures make it unhealthy
   */
  public record Healthcheck(
      List<String> test,
      Duration interval,
      Duration timeout,
      Duration startPeriod,
      Duration startInterval,
      int retries) {
    /** Copies the list. */
    public Healthcheck {
      test = List.copyOf(test);
    }
  }

  /** Nothing is said. */
  public static final ContainerConfig EMPTY =
      new ContainerConfig(
          "", List.of(), null, null, "", Set.of(), Set.of(), Map.of(), null, null, List.of());

  /** Copies the collections. */
  public ContainerConfig {
    env = List.copyOf(env);
    entrypoint = entrypoint == null ? null : List.copyOf(entrypoint);
    cmd = cmd == null ? null : List.copyOf(cmd);
    exposedPorts = Set.copyOf(exposedPorts);
    volumes = Set.copyOf(volumes);
    labels = Map.copyOf(labels);
    shell = List.copyOf(shell);
  }

  static ContainerConfig read(JsonObject json) {
    JsonObject healthcheck = json.object("Healthcheck");
    String stopSignal = json.string("StopSignal", "");
    return new ContainerConfig(
        json.string("User", ""),
        json.strings("Env"),
        arguments(json, "Entrypoint"),
        arguments(json, "Cmd"),
        json.string("WorkingDir", ""),
        keys(json, "ExposedPorts"),
        keys(json, "Volumes"),
        json.stringMap("Labels"),
        stopSignal.isEmpty() ? null : stopSignal,
        healthcheck == null ? null : healthcheck(healthcheck),
        json.strings("Shell"));
  }

  /** Old builders wrote a single argument as a text. */
  private static @Nullable List<String> arguments(JsonObject json, String name) {
    if (!json.has(name)) {
      return null;
    }
    return json.get(name) instanceof String single ? List.of(single) : json.strings(name);
  }

  private static Set<String> keys(JsonObject json, String name) {
    JsonObject object = json.object(name);
    return object == null ? Set.of() : new LinkedHashSet<>(object.names());
  }

  private static Healthcheck healthcheck(JsonObject json) {
    long retries = json.number("Retries", 0);
    if (retries < 0 || retries > Integer.MAX_VALUE) {
      throw json.invalid("Retries is out of range: " + retries);
    }
    return new Healthcheck(
        json.strings("Test"),
        Duration.ofNanos(json.number("Interval", 0)),
        Duration.ofNanos(json.number("Timeout", 0)),
        Duration.ofNanos(json.number("StartPeriod", 0)),
        Duration.ofNanos(json.number("StartInterval", 0)),
        (int) retries);
  }
}
