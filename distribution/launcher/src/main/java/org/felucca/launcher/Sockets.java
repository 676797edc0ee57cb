package org.felucca.launcher;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;

/**
 * The listening sockets, held here so that they outlive every bundle: while the shell or the shim
 * bundle is replaced, clients wait in the kernel's queue. Each is a service of type {@link
 * ServerSocketChannel} with the property {@value #PROPERTY}; that of the gRPC server, which takes
 * no Java channel and may come from the service manager, is an {@link Integer}: the number of a
 * descriptor, to be duplicated and never closed.
 */
final class Sockets implements AutoCloseable {
  static final String PROPERTY = "felucca.socket";

  /** What shims append to the engine's address, by containerd's protocol, to send their events. */
  static final String EVENTS_SUFFIX = ".ttrpc";

  private static final Logger LOG = Logger.getLogger(Sockets.class.getName());
  private static final int BACKLOG = 1024;

  private record Listener(String name, Path path, ServerSocketChannel channel) {}

  private final List<Listener> listeners = new ArrayList<>();
  private int grpc = -1;

  /**
   * Binds the sockets. The lock of the state folder must be held: a file that is found there is
   * then a stale one.
   */
  static Sockets bind(Options options) throws StartException {
    return bind(options, SocketNumbers.inherited(System.getenv()));
  }

  /**
   * As {@link #bind(Options)}.
   *
   * @param inherited the descriptors that the service manager listens on for this process
   */
  static Sockets bind(Options options, List<Integer> inherited) throws StartException {
    Sockets sockets = new Sockets();
    try {
      sockets.listenForGrpc(options.address(), inherited);
      sockets.listen("shell", options.state().resolve("shell.sock"));
      sockets.listen(
          "events",
          options.address().resolveSibling(options.address().getFileName() + EVENTS_SUFFIX));
      return sockets;
    } catch (StartException e) {
      sockets.close();
      throw e;
    }
  }

  private void listenForGrpc(Path address, List<Integer> inherited) throws StartException {
    for (int number : inherited) {
      if (SocketNumbers.isBoundTo(number, address)) {
        LOG.log(Level.INFO, "listening socket is the service manager's path={0}", address);
        grpc = number;
      } else {
        LOG.log(
            Level.WARNING,
            "socket of the service manager is not used, it does not listen on {0} descriptor={1}",
            new Object[] {address, number});
      }
    }
    if (grpc < 0) {
      grpc = listen("grpc", address);
    }
  }

  /** Returns the number of the descriptor. */
  private int listen(String name, Path path) throws StartException {
    try {
      Path parent = path.getParent();
      if (parent == null) {
        throw new IOException("it has no folder");
      }
      Files.createDirectories(parent);
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !isSocket(path)) {
        throw new IOException("a file that is no socket is in its place");
      }
      // Bound in a private folder, given its mode, then moved: at no time can others connect, and a
      // stale socket is
      // replaced in one step.
      Path nest = nest(parent);
      try {
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listeners.add(new Listener(name, path, channel));
        Path inside = nest.resolve("s");
        channel.bind(UnixDomainSocketAddress.of(inside), BACKLOG);
        int number = SocketNumbers.boundTo(inside);
        Files.setPosixFilePermissions(inside, PosixFilePermissions.fromString("rw-rw----"));
        Files.move(inside, path, StandardCopyOption.ATOMIC_MOVE);
        return number;
      } finally {
        Files.deleteIfExists(nest.resolve("s"));
        Files.delete(nest);
      }
    } catch (IOException e) {
      throw new StartException(
          "cannot listen on "
              + path
              + ": "
              + Folders.reason(e)
              + "; move away what is there, or give another path",
          e);
    }
  }

  /**
   * A private folder with a name so short that the path in it is no longer than the socket's own.
   */
  private static Path nest(Path parent) throws IOException {
    while (true) {
      int random = ThreadLocalRandom.current().nextInt(36 * 36, 36 * 36 * 36);
      try {
        return Files.createDirectory(
            parent.resolve(".s" + Integer.toString(random, 36)),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } catch (FileAlreadyExistsException e) {
        // Left behind by an engine that was killed, or another one's: take another name.
      }
    }
  }

  private static boolean isSocket(Path path) throws IOException {
    Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    return mode instanceof Integer bits && (bits & 0170000) == 0140000;
  }

  void register(BundleContext context) {
    context.registerService(
        Integer.class, grpc, FrameworkUtil.asDictionary(Map.of(PROPERTY, "grpc")));
    for (Listener listener : listeners) {
      context.registerService(
          ServerSocketChannel.class,
          listener.channel,
          FrameworkUtil.asDictionary(Map.of(PROPERTY, listener.name)));
    }
  }

  /** Stops listening and takes the files away. */
  @Override
  public void close() {
    for (Listener listener : listeners) {
      try {
        listener.channel.close();
        Files.deleteIfExists(listener.path);
      } catch (IOException e) {
        LOG.log(Level.WARNING, "could not remove a socket path=" + listener.path, e);
      }
    }
    listeners.clear();
  }
}
