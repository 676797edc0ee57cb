package org.felucca.shim.ttrpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.shim.wire.ttrpc.Request;
import org.felucca.shim.wire.ttrpc.Response;
import org.felucca.shim.wire.ttrpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Serves ttrpc on a listening socket that belongs to somebody else: closing the server leaves the
 * socket open with its backlog, so that the next server goes on accepting from it.
 *
 * <p>The calls of one connection are answered one after the other, in order.
 */
public final class TtrpcServer implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(TtrpcServer.class.getName());

  /** Answers calls; on a virtual thread of the connection. */
  @FunctionalInterface
  public interface Handler {
    /**
     * Answers one call.
     *
     * @throws EngineException goes to the caller as a status; anything else as INTERNAL
     */
    ByteString answer(String service, String method, ByteString payload);
  }

  private final ServerSocketChannel listening;
  private final Handler handler;
  private final Selector selector;
  private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();
  private final Thread acceptor;
  private volatile boolean closing;

  /**
   * Begins to serve.
   *
   * @param listening is put into non-blocking mode, and stays there
   * @param handler answers
   * @throws EngineException UNAVAILABLE if the socket is closed
   */
  public TtrpcServer(ServerSocketChannel listening, Handler handler) {
    this.listening = listening;
    this.handler = handler;
    try {
      this.selector = Selector.open();
      listening.configureBlocking(false);
      listening.register(selector, SelectionKey.OP_ACCEPT);
    } catch (IOException e) {
      throw new EngineException(
          ErrorKind.UNAVAILABLE, "serve events on " + listening + ": " + e.getMessage(), e);
    }
    this.acceptor =
        Thread.ofPlatform().name("felucca-shim-events").daemon().unstarted(this::accept);
    acceptor.start();
  }

  private void accept() {
    while (!closing) {
      try {
        selector.select();
        selector.selectedKeys().clear();
        for (SocketChannel peer = next(); peer != null; peer = next()) {
          admit(peer);
        }
      } catch (ClosedSelectorException | ClosedChannelException e) {
        return;
      } catch (IOException e) {
        LOG.log(Level.WARNING, "shim not accepted, trying again", e);
        pause();
      }
    }
  }

  private @Nullable SocketChannel next() throws IOException {
    return closing ? null : listening.accept();
  }

  /** Accepting fails at once again while descriptors are short: not in a hot loop. */
  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void admit(SocketChannel peer) throws IOException {
    try {
      Peers.requireOwn(peer, "sender of events");
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "sender of events refused reason={0}", e.getMessage());
      peer.close();
      return;
    }
    connections.add(peer);
    Thread.ofVirtual().name("felucca-shim-events-of").start(() -> serve(peer));
    if (closing) {
      peer.close();
    }
  }

  private void serve(SocketChannel peer) {
    try (peer) {
      for (Frame frame = Frame.read(peer); frame != null; frame = Frame.read(peer)) {
        if (frame.type() == Frame.REQUEST) {
          new Frame(frame.stream(), Frame.RESPONSE, 0, answer(frame).toByteArray()).write(peer);
        }
      }
    } catch (IOException e) {
      LOG.log(Level.FINE, "connection of a shim ended", e);
    } finally {
      connections.remove(peer);
    }
  }

  private Response answer(Frame frame) throws ProtocolException {
    Request request;
    try {
      request = Request.parseFrom(frame.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new ProtocolException("a call is not a ttrpc request: " + e.getMessage());
    }
    try {
      ByteString payload =
          handler.answer(request.getService(), request.getMethod(), request.getPayload());
      return Response.newBuilder()
          .setStatus(Status.getDefaultInstance())
          .setPayload(payload)
          .build();
    } catch (EngineException e) {
      return Response.newBuilder().setStatus(Codes.status(e)).build();
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "call of a shim failed method=" + request.getMethod(), e);
      return Response.newBuilder()
          .setStatus(Codes.status(EngineException.internal("it failed: " + e, e)))
          .build();
    }
  }

  /** Ends all connections and accepts no more; the listening socket stays open. */
  @Override
  public void close() {
    closing = true;
    try {
      selector.close();
    } catch (IOException e) {
      LOG.log(Level.FINE, "selector closed with an error", e);
    }
    boolean interrupted = false;
    while (acceptor.isAlive()) {
      try {
        acceptor.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    for (SocketChannel peer : connections) {
      try {
        peer.close();
      } catch (IOException e) {
        LOG.log(Level.FINE, "connection closed with an error", e);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
