package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.container.Attachment;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerView;
import org.felucca.shell.session.ExitStatus;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Joins the terminal to a running container. */
final class Attach extends Verb {
  @Option(names = "--no-stdin", description = "watch only")
  boolean noStdin;

  @Option(
      names = "--detach-keys",
      paramLabel = "KEYS",
      description = "the keys that let go of it (else ctrl-p,ctrl-q)")
  String detachKeys = "";

  @Parameters(index = "0", paramLabel = "CONTAINER", description = "id or name")
  String container = "";

  @Override
  protected void run() throws Exception {
    call().requireClient();
    Scope scope = scope();
    ContainerId id = container(container).id();
    ContainerView view = services().containers().use(service -> service.inspect(scope, id));
    if (!ContainerRow.of(view).isActive()) {
      throw EngineException.precondition(
          "attach %s: it does not run; felucca start -a starts it, felucca logs shows what it wrote"
              .formatted(container));
    }
    Attachment attachment = services().containers().use(service -> service.attach(scope, id));
    int status =
        new Foreground(call(), scope, id, "", attachment.terminal(), true)
            .run(attachment, !noStdin, detachKeys, () -> {});
    if (status != 0) {
      throw new ExitStatus(status);
    }
  }

  @Override
  protected Names names() {
    return Names.RUNNING;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca attach web   # ctrl-p ctrl-q lets go of it again");
  }
}
