package org.felucca.shell.verb;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.shell.view.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Stops containers, all at the same time. */
final class Stop extends Verb {
  private static final int MAX_SECONDS = 24 * 3600;

  @Option(
      names = {"-t", "--time"},
      paramLabel = "SECONDS",
      description = "how long it may take before SIGKILL (else its own time, 10 is usual)")
  @Nullable Integer seconds;

  @Option(
      names = {"-s", "--signal"},
      paramLabel = "SIGNAL",
      description = "instead of its stop signal")
  @Nullable String signal;

  @Parameters(arity = "1..*", paramLabel = "CONTAINER", description = "ids or names")
  List<String> containers = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    if (seconds != null && (seconds < 0 || seconds > MAX_SECONDS)) {
      throw EngineException.invalid("--time must be between 0 and " + MAX_SECONDS + " seconds");
    }
    Scope scope = scope();
    Integer number = signal == null ? null : (Integer) Signals.parse(signal);
    atOnce(containers, text -> stop(scope, container(text).id(), number));
  }

  private void stop(Scope scope, ContainerId id, @Nullable Integer number) {
    int status =
        services()
            .containers()
            .use(
                service ->
                    service.stop(
                        scope, id, number, seconds == null ? null : Duration.ofSeconds(seconds)))
            .status();
    assert status >= 0;
  }

  @Override
  protected Names names() {
    return Names.RUNNING;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca stop web",
        "felucca stop -t 1 $(felucca ps -q)   # all of them, after a second at most");
  }
}
