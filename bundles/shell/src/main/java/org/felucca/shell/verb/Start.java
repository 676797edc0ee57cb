package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.container.Attachment;
import org.felucca.api.container.ContainerId;
import org.felucca.shell.session.ExitStatus;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Starts containers. */
final class Start extends Verb {
  @Option(
      names = {"-a", "--attach"},
      description = "join the terminal to it")
  boolean attach;

  @Option(
      names = {"-i", "--interactive"},
      description = "join standard input as well (means -a)")
  boolean interactive;

  @Option(
      names = "--detach-keys",
      paramLabel = "KEYS",
      description = "the keys that let go of it (else ctrl-p,ctrl-q)")
  String detachKeys = "";

  @Parameters(arity = "1..*", paramLabel = "CONTAINER", description = "ids or names")
  List<String> containers = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    if (attach || interactive) {
      attached(scope);
      return;
    }
    forEach(
        containers,
        text -> {
          ContainerId id = container(text).id();
          startNow(scope, id);
          say(text);
        });
  }

  private void attached(Scope scope) throws Exception {
    if (containers.size() > 1) {
      throw EngineException.invalid("start -a joins the terminal to one container, not to several");
    }
    call().requireClient();
    ContainerId id = container(containers.getFirst()).id();
    Attachment attachment = services().containers().use(service -> service.attach(scope, id));
    int status =
        new Foreground(call(), scope, id, "", attachment.terminal(), false)
            .run(attachment, interactive, detachKeys, () -> startAttached(scope, id));
    if (status != 0) {
      throw new ExitStatus(status);
    }
  }

  private int startAttached(Scope scope, ContainerId id) {
    return services().containers().use(service -> service.start(scope, id));
  }

  private void startNow(Scope scope, ContainerId id) throws ExitStatus {
    try {
      int pid = startAttached(scope, id);
      assert pid != 0;
    } catch (EngineException e) {
      throw ExitStatus.notStarted(e);
    }
  }

  @Override
  protected Names names() {
    return Names.STOPPED;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca start web", "felucca start -a -i job   # join its terminal");
  }
}
