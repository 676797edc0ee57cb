package org.felucca.shell;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.apache.felix.service.threadio.ThreadIO;
import org.felucca.api.EngineException;
import org.felucca.shell.session.Call;
import org.felucca.shell.session.Cancellation;
import org.felucca.shell.session.Client;
import org.felucca.shell.session.ExitStatus;
import org.felucca.shell.session.Gogo;
import org.felucca.shell.verb.Dispatch;
import org.felucca.shell.verb.Verb;
import org.felucca.shell.verb.Verbs;
import org.felucca.shell.wire.Frame;
import org.felucca.shell.wire.FrameReader;
import org.felucca.shell.wire.FrameWriter;
import org.felucca.shell.wire.Hello;
import org.felucca.shell.wire.MalformedException;
import org.felucca.shell.wire.Payload;
import org.jspecify.annotations.Nullable;

/** One connection, from HELLO to EXIT. The one place where a failure becomes words and a status. */
final class ClientSession implements Runnable {
  private static final Logger LOG = Logger.getLogger(ClientSession.class.getName());

  private final ShellServer server;
  private final SocketChannel channel;
  private volatile @Nullable Client client;
  private volatile boolean greeted;
  private final long connectedAt = System.nanoTime();

  ClientSession(ShellServer server, SocketChannel channel) {
    this.server = server;
    this.channel = channel;
  }

  /** The client, once it has said who it is. */
  @Nullable Client client() {
    return client;
  }

  /** Whether the client has had some time and not yet said what it wants. */
  boolean isSilentAt(long now, Duration patience) {
    return !greeted && now - connectedAt > patience.toNanos();
  }

  /** Ends the connection, whatever happens on it. */
  void drop() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.log(Level.FINE, "close of a client's connection failed", e);
    }
  }

  @Override
  public void run() {
    try (channel) {
      FrameReader reader = new FrameReader(channel);
      FrameWriter writer = new FrameWriter(channel);
      Frame first = reader.next();
      if (first == null) {
        return;
      }
      greeted = true;
      Thread.ofVirtual().name("felucca-shell-writer").start(writer);
      try {
        serve(hello(first), reader, writer);
      } catch (MalformedException e) {
        refuse(writer, e.getMessage());
      }
      writer.finish();
    } catch (IOException e) {
      LOG.log(Level.FINE, "client went away reason={0}", e.toString());
    } finally {
      server.ended(this);
    }
  }

  private static Hello hello(Frame frame) throws MalformedException {
    if (frame.type() != Frame.HELLO) {
      throw new MalformedException("the first frame has type " + frame.type() + ", not HELLO");
    }
    return Hello.read(frame.payload());
  }

  private static void refuse(FrameWriter writer, @Nullable String why) throws IOException {
    String message = "felucca: " + why + "\n";
    writer.send(Frame.STDERR, ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)));
    writer.send(Frame.EXIT, new Payload().u8(ExitStatus.ENGINE).buffer());
  }

  private void serve(Hello hello, FrameReader reader, FrameWriter writer) throws IOException {
    Client here = new Client(hello, reader, writer, Thread.currentThread(), connectedAt);
    client = here;
    if (!hello.arguments().isEmpty() && hello.arguments().getFirst().equals(Verbs.WAIT_FOR_EXIT)) {
      here.holdSignals();
    }
    Thread.ofVirtual().name("felucca-shell-reader").start(here::read);
    int status = 0;
    try {
      if (server.isFull()) {
        throw new ExitStatus(
            ExitStatus.ENGINE,
            "the engine serves as many clients as it can; try again later",
            null);
      }
      execute(here);
    } catch (Exception | LinkageError | StackOverflowError e) {
      status = fail(here, e);
    }
    Cancellation cancellation = here.cancellation();
    if (Cancellation.SHELL_REPLACED.equals(cancellation) && here.isResumable()) {
      // Without an EXIT the client comes back to the next shell.
      return;
    }
    boolean ignored = Thread.interrupted();
    here.exit(status);
  }

  private static int fail(Client client, Throwable failure) {
    boolean ignored = Thread.interrupted();
    Cancellation cancellation = client.cancellation();
    if (cancellation != null) {
      if (cancellation.toldClient() && !client.isResumable()) {
        client.err().println("felucca: the shell is being replaced; try again");
      }
      return cancellation.status();
    }
    String message = ExitStatus.message(failure);
    if (message != null) {
      client.out().flush();
      client.err().println("felucca: " + message);
    }
    if (!(failure instanceof EngineException) && !(failure instanceof ExitStatus)) {
      LOG.log(Level.WARNING, "verb failed unexpectedly", failure);
    }
    return ExitStatus.of(failure);
  }

  private void execute(Client here) throws Exception {
    CommandProcessor processor = server.processor();
    ThreadIO threadIo = server.threadIo();
    try (CommandSession session = processor.createSession(here.in(), here.out(), here.err())) {
      session.put(Call.CLIENT, here);
      session.put(Call.PROCESSOR, processor);
      session.put(Call.HISTORY, server.history());
      List<Object> words = words(session, here.hello().arguments());
      String name = words.isEmpty() ? "help" : words.getFirst().toString();
      Function verb = Gogo.verb(session, Dispatch.isHelp(name) ? "help" : name);
      if (verb == null) {
        throw Dispatch.unknown("", name, Gogo.verbs(session));
      }
      // Verbs of other bundles may write to System.out.
      threadIo.setStreams(here.in(), here.out(), here.err());
      try {
        Gogo.show(
            session,
            verb.execute(session, words.isEmpty() ? words : words.subList(1, words.size())));
      } finally {
        threadIo.close();
      }
    }
  }

  /** Takes a namespace from before the verb. */
  private static List<Object> words(CommandSession session, List<String> arguments) {
    List<Object> words = new ArrayList<>(arguments);
    while (!words.isEmpty()) {
      String first = words.getFirst().toString();
      if (first.equals("-n") || first.equals("--namespace")) {
        if (words.size() < 2) {
          throw EngineException.invalid(first + " needs the name of a namespace behind it");
        }
        session.put(Verb.NAMESPACE, words.get(1));
        words.subList(0, 2).clear();
      } else if (first.startsWith("--namespace=")) {
        session.put(Verb.NAMESPACE, first.substring("--namespace=".length()));
        words.removeFirst();
      } else {
        break;
      }
    }
    return words;
  }
}
