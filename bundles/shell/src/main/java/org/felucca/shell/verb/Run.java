package org.felucca.shell.verb;

import java.time.Duration;
import java.util.List;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.Attachment;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.CreateOptions;
import org.felucca.shell.session.Call;
import org.felucca.shell.session.ExitStatus;
import picocli.CommandLine.Option;

/** Creates a container and starts it. */
final class Run extends CreateArguments {
  @Option(
      names = {"-d", "--detach"},
      description = "let it run in the background and print its id")
  boolean detach;

  @Option(
      names = "--detach-keys",
      paramLabel = "KEYS",
      description = "the keys that let go of it, such as ctrl-a,d (else ctrl-p,ctrl-q)")
  String detachKeys = "";

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
    Foreground.checkKeys(detachKeys);
    Scope scope = life.autoRemove ? scope().withDurability(Durability.ENGINE_CRASH) : scope();
    CreateOptions options = options(detach || !life.autoRemove);
    ContainerId id = create(scope, options);
    if (detach) {
      start(scope, id, () -> startNow(scope, id));
      say(id.value());
      return true;
    }
    int status =
        start(
            scope,
            id,
            () -> {
              Attachment attachment =
                  services().containers().use(containers -> containers.attach(scope, id));
              return new Foreground(call(), scope, id, "", process.tty, false)
                  .run(attachment, process.interactive, detachKeys, () -> startNow(scope, id));
            });
    if (status != 0) {
      throw new ExitStatus(status);
    }
    return true;
  }

  private int startNow(Scope scope, ContainerId id) {
    return services().containers().use(containers -> containers.start(scope, id));
  }

  /** A way to a container's exit status. */
  @FunctionalInterface
  private interface Way {
    int status() throws Exception;
  }

  /** What was asked to remove itself does so also when it never came to run. */
  private int start(Scope scope, ContainerId id, Way way) throws Exception {
    try {
      return way.status();
    } catch (Exception e) {
      if (life.autoRemove) {
        Call.uninterrupted(() -> removeUnstarted(scope, id));
      }
      throw detach && e instanceof EngineException failed && failed.kind() != ErrorKind.CANCELLED
          ? ExitStatus.notStarted(failed)
          : e;
    }
  }

  private boolean removeUnstarted(Scope scope, ContainerId id) {
    try {
      return services()
          .containers()
          .use(
              reference -> true,
              Duration.ofSeconds(2),
              containers -> {
                boolean idle = containers.inspect(scope, id).task() == null;
                if (idle) {
                  containers.remove(scope, id, false);
                }
                return idle;
              });
    } catch (EngineException alsoFailed) {
      return false;
    }
  }

  @Override
  protected String[] footer() {
    return new String[] {
      "",
      "Safe by default: docker's capabilities, a seccomp profile, masked paths and no_new_privs.",
      "The status is that of the program; 125 if the engine failed, 126 if the program can't be executed, 127 if it is not there."
    };
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca run --rm busybox echo hello",
        "felucca run -it --rm busybox sh   # a terminal; ctrl-p ctrl-q leaves it running",
        "felucca run -d --name clock busybox sh -c 'while date; do sleep 1; done'",
        "felucca run --rm -v $PWD:/work:ro -w /work busybox ls");
  }
}
