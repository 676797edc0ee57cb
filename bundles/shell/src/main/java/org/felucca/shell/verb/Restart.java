package org.felucca.shell.verb;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.shell.session.ExitStatus;
import org.felucca.shell.view.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Stops containers, if they run, and starts them; all at the same time. */
final class Restart extends Verb {
  private static final int MAX_SECONDS = 24 * 3600;

  @Option(
      names = {"-t", "--time"},
      paramLabel = "SECONDS",
      description = "how long stopping may take before SIGKILL (else its own time, else 10)")
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
    Duration grace = seconds == null ? null : Duration.ofSeconds(seconds);
    atOnce(
        containers,
        text -> {
          ContainerId id = container(text).id();
          try {
            int pid =
                services().control().use(control -> control.restart(scope, id, number, grace));
            assert pid > 0;
          } catch (EngineException e) {
            throw ExitStatus.notStarted(e);
          }
        });
  }

  @Override
  protected Names names() {
    return Names.CONTAINERS;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca restart web",
        "felucca restart -t 1 web db   # both at once, killed after a second");
  }
}
