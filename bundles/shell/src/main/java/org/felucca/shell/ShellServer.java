package org.felucca.shell;

import java.io.IOException;
import java.net.SocketOption;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import jdk.net.ExtendedSocketOptions;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.threadio.ThreadIO;
import org.felucca.shell.session.Cancellation;
import org.felucca.shell.session.Client;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Serves the native client on the socket that the launcher holds open. The socket outlives this
 * bundle: who connects while it is being replaced waits in the socket's queue, and who said how to
 * go on comes back.
 */
@Component(service = ShellServer.class, immediate = true)
public final class ShellServer {
  private static final Logger LOG = Logger.getLogger(ShellServer.class.getName());

  /** How many clients are served at once; each costs three virtual threads and some buffers. */
  private static final int MAX_CLIENTS = 512;

  /** How long verbs may go on that can't be resumed, when the shell has to go. */
  private static final Duration DRAIN = Duration.ofSeconds(2);

  /** How long they get to come out after they were interrupted. */
  private static final Duration GRACE = Duration.ofMillis(500);

  /** How long a client may take to say what it wants. */
  private static final Duration GREETING = Duration.ofSeconds(10);

  private static final long RETRY_MILLIS = 100;

  private final CommandProcessor processor;
  private final ThreadIO threadIo;
  private final ServerSocketChannel socket;
  private final Path history;
  private final Selector selector;
  private final Thread acceptor;
  private final Set<ClientSession> sessions = ConcurrentHashMap.newKeySet();

  /** Begins to serve. */
  @Activate
  public ShellServer(
      BundleContext context,
      @Reference CommandProcessor processor,
      @Reference ThreadIO threadIo,
      @Reference VerbFunctions functions,
      @Reference(target = "(felucca.socket=shell)") ServerSocketChannel socket)
      throws IOException {
    this.processor = processor;
    this.threadIo = threadIo;
    this.socket = socket;
    String root = context.getProperty("felucca.root");
    this.history = Path.of(root == null ? "/var/lib/felucca" : root, "shell-history");
    socket.configureBlocking(false);
    this.selector = Selector.open();
    socket.register(selector, SelectionKey.OP_ACCEPT);
    this.acceptor = Thread.ofPlatform().daemon().name("felucca-shell-accept").start(this::accept);
  }

  /**
   * Stops accepting, lets verbs finish, and sends those clients away that can come back. A client
   * that has asked for the replacement itself is left alone until its command is done.
   */
  @Deactivate
  public void close() throws IOException {
    selector.close();
    join(acceptor);
    for (ClientSession session : List.copyOf(sessions)) {
      Client client = session.client();
      if (client != null && client.isServedHere()) {
        client.cancelAfterwards(Cancellation.SHELL_REPLACED);
        sessions.remove(session);
      }
    }
    cancel(Client::isResumable);
    awaitEnd(DRAIN);
    cancel(client -> true);
    awaitEnd(GRACE);
    sessions.forEach(ClientSession::drop);
  }

  CommandProcessor processor() {
    return processor;
  }

  ThreadIO threadIo() {
    return threadIo;
  }

  /** The file that keeps what is typed in the interactive shell. */
  Path history() {
    return history;
  }

  boolean isFull() {
    return sessions.size() > MAX_CLIENTS;
  }

  void ended(ClientSession session) {
    sessions.remove(session);
    synchronized (sessions) {
      sessions.notifyAll();
    }
  }

  private void accept() {
    while (selector.isOpen()) {
      try {
        selector.select(GREETING.toMillis() / 2);
        selector.selectedKeys().clear();
        dropSilent();
        SocketChannel channel = socket.accept();
        if (channel != null) {
          serve(channel);
        }
      } catch (ClosedSelectorException e) {
        return;
      } catch (IOException e) {
        if (!socket.isOpen()) {
          return;
        }
        LOG.log(Level.WARNING, "accept failed reason={0}", e.toString());
        pause();
      }
    }
  }

  private void serve(SocketChannel channel) throws IOException {
    channel.configureBlocking(true);
    LOG.log(Level.FINE, "client connected peer={0}", peer(channel));
    ClientSession session = new ClientSession(this, channel);
    sessions.add(session);
    Thread.ofVirtual().name("felucca-shell-client").start(session);
  }

  /** Who says nothing is not kept for long. */
  private void dropSilent() {
    long now = System.nanoTime();
    for (ClientSession session : sessions) {
      if (session.isSilentAt(now, GREETING)) {
        session.drop();
      }
    }
  }

  private static String peer(SocketChannel channel) {
    try {
      SocketOption<?> credentials = ExtendedSocketOptions.SO_PEERCRED;
      return String.valueOf(channel.getOption(credentials));
    } catch (IOException | UnsupportedOperationException e) {
      return "unknown";
    }
  }

  private void cancel(Predicate<Client> which) {
    for (ClientSession session : sessions) {
      Client client = session.client();
      if (client != null && which.test(client)) {
        client.cancel(Cancellation.SHELL_REPLACED);
      }
    }
  }

  private void awaitEnd(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    synchronized (sessions) {
      while (!sessions.isEmpty()) {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          return;
        }
        try {
          sessions.wait(left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
