package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.container.LogOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What becomes of a container's output. */
final class LogArguments {
  @Option(
      names = "--log-driver",
      paramLabel = "NAME",
      description = "where its output is kept: cri, json-file, journald or none")
  @Nullable String driver;

  @Option(
      names = "--log-opt",
      paramLabel = "NAME=VALUE",
      description = "an option of the log driver: max-size, max-file, compress, full-disk, tag")
  List<String> options = new ArrayList<>();

  /**
   * What was asked for.
   *
   * @param keep whether the output is kept if nothing else is said
   */
  LogOptions options(boolean keep) {
    return new LogOptions(
        keep || driver != null || !options.isEmpty(), driver, Verb.pairs("--log-opt", options));
  }
}
