package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.container.Attachment;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ExecOptions;
import org.felucca.api.trace.Trace;
import org.felucca.shell.session.Call;
import org.felucca.shell.session.ExitStatus;
import org.felucca.shell.session.Services;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a further program in a running container. */
final class Exec extends Verb {
  @ArgGroup(validate = false, heading = "%nThe program%n")
  ProcessArguments process = new ProcessArguments();

  @Option(
      names = {"-d", "--detach"},
      description = "let it run in the background, its output dropped")
  boolean detach;

  @Option(
      names = "--detach-keys",
      paramLabel = "KEYS",
      description = "the keys that let go of it (else ctrl-p,ctrl-q)")
  String detachKeys = "";

  @Parameters(index = "0", paramLabel = "CONTAINER", description = "id or name")
  String container = "";

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "COMMAND",
      description = "the program and its arguments")
  List<String> command = new ArrayList<>();

  @Option(names = "--trace", description = "say on standard error where the time went")
  boolean trace;

  @Override
  protected void run() throws Exception {
    if (trace) {
      TraceReport.of(call(), detach, this::runNow);
    } else {
      boolean _ = runNow();
    }
  }

  private boolean runNow() throws Exception {
    if (!detach) {
      call().requireClient();
    }
    Scope scope = scope();
    ContainerId id = container(container).id();
    Trace.mark("container found");
    ExecOptions options =
        new ExecOptions(
            command,
            process.environment(call()),
            process.user,
            process.cwd,
            process.tty,
            process.interactive && !detach,
            detach ? null : process.size(call()),
            !detach);
    String execId = services().containers().use(service -> service.exec(scope, id, options));
    Trace.mark("shim told of it");
    if (detach) {
      try {
        startNow(scope, id, execId);
      } catch (EngineException e) {
        throw ExitStatus.notStarted(e);
      }
      return true;
    }
    int status;
    try {
      Attachment attachment =
          services().containers().use(service -> service.execAttachment(scope, id, execId));
      status =
          new Foreground(call(), scope, id, execId, process.tty, false)
              .run(attachment, process.interactive, detachKeys, () -> startNow(scope, id, execId));
    } finally {
      Call.uninterrupted(() -> forget(services(), scope, id, execId));
      Trace.mark("process forgotten");
    }
    if (status != 0) {
      throw new ExitStatus(status);
    }
    return true;
  }

  private int startNow(Scope scope, ContainerId id, String execId) {
    return services().containers().use(service -> service.startExec(scope, id, execId));
  }

  /**
   * Takes the process away if it has ended; one that was let go of stays until its container ends.
   */
  static boolean forget(Services services, Scope scope, ContainerId id, String execId) {
    try {
      return services
              .containers()
              .use(
                  reference -> true,
                  java.time.Duration.ZERO,
                  service -> service.deleteExec(scope, id, execId))
              .status()
          >= 0;
    } catch (EngineException running) {
      return false;
    }
  }

  @Override
  protected boolean stopsAtArgument() {
    return true;
  }

  @Override
  protected Names names() {
    return Names.RUNNING;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca exec web ls /etc", "felucca exec -it web sh");
  }
}
