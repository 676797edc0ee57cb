package org.felucca.shell.verb;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.container.Attachment;
import org.felucca.api.container.ContainerId;
import org.felucca.api.task.Exit;
import org.felucca.api.trace.Trace;
import org.felucca.shell.session.Call;
import org.felucca.shell.session.Client;
import org.felucca.shell.session.ClientListener;
import org.felucca.shell.session.ExitStatus;
import org.felucca.shell.session.Relay;
import org.felucca.shell.wire.Size;

/**
 * A process that the client's terminal and streams are joined to. The bytes go through fifos that
 * the client opens itself; here it is told when the process has ended, and what it sends besides
 * bytes is passed on. When the engine or the shell is replaced meanwhile, the client comes back
 * with {@link WaitForExit}, and nobody notices.
 */
final class Foreground {
  /** How long output may still come of a process that did not start. */
  private static final long FAILED_START_SECONDS = 2;

  private sealed interface Happening {
    record Ended(Exit exit) implements Happening {}

    record Unknown(EngineException why) implements Happening {}

    record Detached() implements Happening {}

    record InputEnded() implements Happening {}

    record Lost() implements Happening {}

    record Signalled(int signal) implements Happening {}

    record Resized() implements Happening {}
  }

  private final Call call;
  private final Client client;
  private final Scope scope;
  private final ContainerId id;
  private final String execId;
  private final boolean terminal;
  private final boolean closesStdin;
  private final BlockingQueue<Happening> happenings = new LinkedBlockingQueue<>();

  private final ClientListener listener =
      new ClientListener() {
        @Override
        public void resized() {
          happenings.add(new Happening.Resized());
        }

        @Override
        public boolean signalled(int signal) {
          happenings.add(new Happening.Signalled(signal));
          return true;
        }
      };

  /**
   * @param execId the further process, or empty for the container's first
   * @param terminal whether the process has a terminal: then what is typed reaches it as bytes, and
   *     signals are not passed on
   * @param keepsStdin whether the process's input stays open for others when the client's has ended
   */
  Foreground(
      Call call, Scope scope, ContainerId id, String execId, boolean terminal, boolean keepsStdin) {
    this.call = call;
    this.client = call.requireClient();
    this.scope = scope;
    this.id = id;
    this.execId = execId;
    this.terminal = terminal;
    this.closesStdin = !terminal && !keepsStdin;
  }

  /** Refuses keys that the client would not understand, before anything is made. */
  static void checkKeys(String detachKeys) {
    for (String key : detachKeys.isEmpty() ? new String[0] : detachKeys.split(",", -1)) {
      if (!key.matches("[\\x00-\\x7f]|ctrl-[a-z@\\[\\\\\\]^_]|DEL")) {
        throw EngineException.invalid(
            "--detach-keys %s: %s is no key; write one character, or ctrl- and one of a-z @ [ \\ ] ^ _, with commas between them"
                .formatted(detachKeys, Identifiers.quote(key)));
      }
    }
  }

  /**
   * Joins the client to a process and starts it.
   *
   * @param start starts it; nothing for one that runs
   * @return its exit status; 0 if the user has let go of it
   */
  int run(Attachment attachment, boolean wantsStdin, String detachKeys, Runnable start)
      throws Exception {
    boolean cooked = call.inShell() && !terminal;
    if (cooked) {
      client.raw(false);
    }
    try {
      Relay relay = client.relay(attachment, wantsStdin, detachKeys);
      await(relay.ready());
      Trace.mark("client joined to its streams");
      List<String> resume = new ArrayList<>(List.of(Verbs.WAIT_FOR_EXIT));
      if (terminal) {
        resume.add("--tty");
      }
      if (!closesStdin) {
        resume.add("--keep-stdin");
      }
      resume.addAll(List.of("-n", scope.namespace().value(), id.value(), execId));
      // From here on signals are for the process, also those that come before it has started.
      client.listen(listener);
      call.resume(resume);
      try {
        start.run();
        Trace.mark("started");
      } catch (EngineException e) {
        giveUp(relay);
        throw e.kind() == ErrorKind.CANCELLED ? e : ExitStatus.notStarted(e);
      }
      return follow(relay);
    } finally {
      client.unlisten(listener);
      if (call.inShell()) {
        // The client gives the terminal back as it was before the relay; the shell reads it raw.
        Call.uninterrupted(
            () -> {
              client.raw(true);
              return null;
            });
      }
    }
  }

  /** Goes on with a relay whose client has come back. */
  int resume() throws Exception {
    client.listen(listener);
    return follow(client.adoptRelay());
  }

  private int follow(Relay relay) throws Exception {
    try {
      if (terminal) {
        resize();
      }
      watch();
      var _ =
          relay
              .detached()
              .whenComplete(
                  (nothing, lost) ->
                      happenings.add(
                          lost == null ? new Happening.Detached() : new Happening.Lost()));
      if (closesStdin) {
        var _ = relay.inputEnded().thenRun(() -> happenings.add(new Happening.InputEnded()));
      }
      while (true) {
        switch (happenings.take()) {
          case Happening.Ended(Exit exit) -> {
            Trace.mark("exit seen");
            // Signals from here on have nobody to go to; the status stays that of the process.
            relay.end();
            await(relay.done());
            Trace.mark("output written");
            return exit.status();
          }
          case Happening.Unknown(EngineException why) -> {
            if (why.kind() != ErrorKind.UNAVAILABLE) {
              relay.end();
              throw why;
            }
            watch();
          }
          case Happening.Detached() -> {
            return 0;
          }
          case Happening.InputEnded() -> closeStdin();
          case Happening.Lost() -> throw EngineException.unavailable("the client is gone");
          case Happening.Signalled(int signal) -> pass(signal);
          case Happening.Resized() -> resize();
        }
      }
    } finally {
      client.unlisten(listener);
    }
  }

  private void watch() {
    try {
      var _ =
          exit()
              .whenComplete(
                  (exit, failure) ->
                      happenings.add(
                          failure == null
                              ? new Happening.Ended(exit)
                              : new Happening.Unknown(Exits.unwrap(failure))));
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.CANCELLED) {
        throw e;
      }
      happenings.add(new Happening.Unknown(e));
    }
  }

  private CompletableFuture<Exit> exit() {
    return execId.isEmpty()
        ? call.services().containers().use(containers -> containers.exit(scope, id))
        : call.services().tasks().use(tasks -> tasks.exit(scope, id, execId));
  }

  private void pass(int signal) {
    if (!terminal) {
      passing(
          () ->
              call.services()
                  .tasks()
                  .use(
                      tasks -> {
                        tasks.kill(scope, id, execId, signal, false);
                        return true;
                      }));
    }
  }

  private void closeStdin() {
    passing(
        () ->
            call.services()
                .tasks()
                .use(
                    tasks -> {
                      tasks.closeStdin(scope, id, execId);
                      return true;
                    }));
  }

  private void resize() {
    Size size = client.size();
    if (terminal && size.rows() > 0 && size.columns() > 0) {
      passing(
          () ->
              call.services()
                  .tasks()
                  .use(
                      tasks -> {
                        tasks.resize(scope, id, execId, size.columns(), size.rows());
                        return true;
                      }));
    }
  }

  /** What fails because the process has just ended does not matter: its end is on the way. */
  private static void passing(Runnable work) {
    try {
      work.run();
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.CANCELLED) {
        throw e;
      }
    }
  }

  private static void giveUp(Relay relay) throws IOException, InterruptedException {
    relay.end();
    try {
      relay.done().get(FAILED_START_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      // The failure to start is what the user has to know.
    }
  }

  private static void await(CompletableFuture<Void> future) throws InterruptedException {
    try {
      future.get();
    } catch (ExecutionException e) {
      throw Exits.unwrap(e);
    }
  }
}
