package org.felucca.shell.verb;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.LogQuery;
import org.felucca.shell.view.Times;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a container has written. */
final class Logs extends Verb {
  @Option(
      names = {"-f", "--follow"},
      description = "go on until it ends")
  boolean follow;

  @Option(
      names = "--tail",
      paramLabel = "LINES",
      description = "only so many of the last lines, or \"all\"")
  String tail = "all";

  @Option(
      names = {"-t", "--timestamps"},
      description = "put the time before each line")
  boolean timestamps;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "only what is not older: 10m, 2026-11-24T13:00:00Z, or seconds since 1970")
  @Nullable String since;

  @Option(names = "--until", paramLabel = "TIME", description = "only what is not younger")
  @Nullable String until;

  @Option(names = "--from", hidden = true, description = "the position to go on from")
  long from;

  @Parameters(index = "0", paramLabel = "CONTAINER", description = "id or name")
  String container = "";

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    long lines = lines();
    Instant now = Instant.now();
    Instant first = since == null ? null : Times.parse("--since", since, now);
    Instant last = until == null ? null : Times.parse("--until", until, now);
    // Who comes back means the same time.
    since = first == null ? null : first.toString();
    until = last == null ? null : last.toString();
    ContainerId id = container(container).id();
    call().resume(resumption(from, lines));
    LogOutput output = new LogOutput(call(), from, position -> resumption(position, -1));
    while (true) {
      LogQuery query =
          new LogQuery(
              follow, output.isFresh() ? lines : -1, output.position(), first, last, timestamps);
      try {
        boolean whole =
            services()
                .containers()
                .follow(
                    service -> {
                      service.logs(scope, id, query, output);
                      return true;
                    });
        if (whole) {
          return;
        }
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.UNAVAILABLE || output.isBroken()) {
          throw e;
        }
      }
    }
  }

  private List<String> resumption(long position, long lines) {
    List<String> arguments = new ArrayList<>(List.of("logs", "-n", scope().namespace().value()));
    if (follow) {
      arguments.add("-f");
    }
    if (timestamps) {
      arguments.add("-t");
    }
    if (lines >= 0) {
      arguments.addAll(List.of("--tail", Long.toString(lines)));
    }
    if (since != null) {
      arguments.addAll(List.of("--since", since));
    }
    if (until != null) {
      arguments.addAll(List.of("--until", until));
    }
    arguments.addAll(List.of("--from", Long.toString(position), container));
    return arguments;
  }

  private long lines() {
    if (tail.equals("all")) {
      return -1;
    }
    if (!tail.matches("[0-9]{1,18}")) {
      throw EngineException.invalid("--tail " + tail + " must be a number of lines or \"all\"");
    }
    return Long.parseLong(tail);
  }

  @Override
  protected Names names() {
    return Names.CONTAINERS;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca logs web", "felucca logs -f --tail 20 -t web");
  }
}
