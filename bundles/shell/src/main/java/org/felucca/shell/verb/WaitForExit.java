package org.felucca.shell.verb;

import org.felucca.api.container.ContainerId;
import org.felucca.shell.session.ExitStatus;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a client says whose connection was lost while it was joined to a process. */
final class WaitForExit extends Verb {
  @Option(names = "--tty", description = "the process has a terminal")
  boolean tty;

  @Option(names = "--keep-stdin", description = "its input stays open when the client's has ended")
  boolean keepStdin;

  @Parameters(index = "0", paramLabel = "ID", description = "the container's whole id")
  String container = "";

  @Parameters(index = "1", arity = "0..1", paramLabel = "EXEC", description = "the further process")
  String execId = "";

  @Override
  protected void run() throws Exception {
    ContainerId id = new ContainerId(container);
    // The shell may be replaced once more.
    call().resume(call().requireClient().hello().arguments());
    Foreground foreground = new Foreground(call(), scope(), id, execId, tty, keepStdin);
    int status = foreground.resume();
    if (!execId.isEmpty()) {
      Exec.forget(services(), scope(), id, execId);
    }
    if (status != 0) {
      throw new ExitStatus(status);
    }
  }
}
