package org.felucca.shim.ttrpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.shim.wire.ttrpc.KeyValue;
import org.felucca.shim.wire.ttrpc.Request;
import org.felucca.shim.wire.ttrpc.Response;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a ttrpc server. Any number of calls may be under way at once.
 *
 * <p>A virtual thread reads and another writes: both park on the socket without holding a carrier.
 * Callers never touch the socket themselves, since interrupting a thread inside a channel closes
 * the channel for all. When the connection breaks, every call fails with UNAVAILABLE.
 */
public final class TtrpcClient implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(TtrpcClient.class.getName());

  /** The metadata key under which a shim looks for the namespace. */
  private static final String NAMESPACE = "containerd-namespace-ttrpc";

  private static final int MAX_UNSENT = 1024;

  private final SocketChannel channel;
  private final String peer;
  private volatile String namespace;
  private final Map<Integer, CompletableFuture<ByteString>> pending = new ConcurrentHashMap<>();
  private final BlockingQueue<Frame> unsent = new ArrayBlockingQueue<>(MAX_UNSENT);
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final Thread reader;
  private final Thread writer;
  private int nextStream = 1;
  private volatile @Nullable EngineException broken;

  private TtrpcClient(SocketChannel channel, String peer, String namespace) {
    this.channel = channel;
    this.peer = peer;
    this.namespace = namespace;
    this.reader = Thread.ofVirtual().name("felucca-ttrpc-read").unstarted(this::read);
    this.writer = Thread.ofVirtual().name("felucca-ttrpc-write").unstarted(this::write);
  }

  /**
   * Connects.
   *
   * @param socket the path of the server's socket
   * @param namespace sent with every call
   * @param timeout how long to try
   * @throws EngineException UNAVAILABLE if nobody listens; DEADLINE_EXCEEDED; PERMISSION_DENIED if
   *     another user listens
   */
  public static TtrpcClient connect(Path socket, String namespace, Duration timeout) {
    SocketChannel channel = open(socket, timeout);
    try {
      Peers.requireOwn(channel, "shim at " + socket);
    } catch (EngineException e) {
      closeQuietly(channel);
      throw e;
    }
    TtrpcClient client = new TtrpcClient(channel, socket.toString(), namespace);
    client.reader.start();
    client.writer.start();
    return client;
  }

  /** Sends another namespace with every call from now on. */
  public void speakFor(String other) {
    namespace = other;
  }

  /** Connects on a thread of its own, so that neither a full backlog nor an interrupt harms. */
  private static SocketChannel open(Path socket, Duration timeout) {
    FutureTask<SocketChannel> attempt =
        new FutureTask<>(() -> SocketChannel.open(UnixDomainSocketAddress.of(socket)));
    Thread thread = Thread.ofVirtual().name("felucca-ttrpc-connect").start(attempt);
    try {
      return attempt.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw new EngineException(
          ErrorKind.UNAVAILABLE,
          "connect to %s: %s".formatted(socket, reason(e.getCause())),
          e.getCause());
    } catch (TimeoutException e) {
      thread.interrupt();
      throw new EngineException(
          ErrorKind.DEADLINE_EXCEEDED,
          "connect to %s: not accepted within %d ms".formatted(socket, timeout.toMillis()),
          e);
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorKind.CANCELLED, "connect to " + socket + ": interrupted", e);
    }
  }

  /**
   * Calls and does not wait.
   *
   * @param timeout told to the server, which gives up then; zero for none. The future itself has no
   *     time-out
   * @return the answer's payload, or an {@link EngineException}; completed on a thread of the
   *     connection, which whatever depends on it must not hold
   */
  public CompletableFuture<ByteString> send(
      String service, String method, ByteString payload, Duration timeout) {
    return start(service, method, payload, timeout).answer;
  }

  /**
   * Calls and waits. Interrupting the thread gives the call up; the server is not told.
   *
   * @throws EngineException what the server answered, its words verbatim; UNAVAILABLE if the
   *     connection broke; DEADLINE_EXCEEDED; CANCELLED
   */
  public ByteString call(String service, String method, ByteString payload, Duration timeout) {
    Call call = start(service, method, payload, timeout);
    try {
      return call.answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof EngineException failure) {
        throw new EngineException(failure.kind(), reason(failure), failure);
      }
      throw EngineException.internal(method + " at " + peer + " failed", e.getCause());
    } catch (TimeoutException e) {
      pending.remove(call.stream);
      throw new EngineException(
          ErrorKind.DEADLINE_EXCEEDED,
          "%s: the shim at %s did not answer within %d ms"
              .formatted(method, peer, timeout.toMillis()),
          e);
    } catch (InterruptedException e) {
      pending.remove(call.stream);
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorKind.CANCELLED, method + ": given up by the caller", e);
    }
  }

  /** Completed, always normally, when the connection is of no more use. */
  public CompletableFuture<Void> closed() {
    return closed;
  }

  /** Ends the connection; calls under way fail with UNAVAILABLE. */
  @Override
  public void close() {
    end("it was closed by the engine", null);
  }

  private record Call(int stream, CompletableFuture<ByteString> answer) {}

  private Call start(String service, String method, ByteString payload, Duration timeout) {
    Request request =
        Request.newBuilder()
            .setService(service)
            .setMethod(method)
            .setPayload(payload)
            .setTimeoutNano(timeout.toNanos())
            .addMetadata(KeyValue.newBuilder().setKey(NAMESPACE).setValue(namespace))
            .build();
    CompletableFuture<ByteString> answer = new CompletableFuture<>();
    if (request.getSerializedSize() > Frame.MAX_PAYLOAD) {
      answer.completeExceptionally(
          new EngineException(
              ErrorKind.RESOURCE_EXHAUSTED,
              "%s: the request has %d bytes; a shim takes at most %d"
                  .formatted(method, request.getSerializedSize(), Frame.MAX_PAYLOAD)));
      return new Call(0, answer);
    }
    int stream;
    boolean queued;
    // Servers refuse a number that is not greater than the last: number and queue in one step.
    synchronized (unsent) {
      stream = nextStream;
      nextStream += 2;
      pending.put(stream, answer);
      queued =
          stream > 0 && unsent.offer(new Frame(stream, Frame.REQUEST, 0, request.toByteArray()));
    }
    if (!queued) {
      end("it takes no more calls", null);
    }
    EngineException why = broken;
    if (why != null && pending.remove(stream) != null) {
      answer.completeExceptionally(why);
    }
    return new Call(stream, answer);
  }

  private void read() {
    try {
      for (Frame frame = Frame.read(channel); frame != null; frame = Frame.read(channel)) {
        if (frame.type() == Frame.RESPONSE) {
          answered(frame);
        } else {
          LOG.log(
              Level.FINE,
              "frame skipped peer={0} type={1} stream={2}",
              new Object[] {peer, frame.type(), frame.stream()});
        }
      }
      end("the shim ended it", null);
    } catch (IOException e) {
      end(reason(e), e);
    }
  }

  private void answered(Frame frame) throws ProtocolException {
    CompletableFuture<ByteString> answer = pending.remove(frame.stream());
    Response response;
    try {
      response = Response.parseFrom(frame.payload());
    } catch (InvalidProtocolBufferException e) {
      if (answer != null) {
        pending.put(frame.stream(), answer);
      }
      throw new ProtocolException("an answer is not a ttrpc response: " + e.getMessage());
    }
    if (answer == null) {
      return; // its caller has given up
    }
    if (response.getStatus().getCode() != 0) {
      answer.completeExceptionally(Codes.failure(response.getStatus()));
    } else {
      answer.complete(response.getPayload());
    }
  }

  private void write() {
    try {
      while (broken == null) {
        unsent.take().write(channel);
      }
    } catch (InterruptedException e) {
      // end() woke this thread.
    } catch (IOException e) {
      end(reason(e), e);
    }
  }

  private void end(String why, @Nullable Throwable cause) {
    synchronized (pending) {
      if (broken == null) {
        broken =
            new EngineException(
                ErrorKind.UNAVAILABLE, "connection to the shim at " + peer + ": " + why, cause);
      }
    }
    closeQuietly(channel);
    writer.interrupt();
    reader.interrupt();
    EngineException failure = broken;
    for (Integer stream : List.copyOf(pending.keySet())) {
      CompletableFuture<ByteString> answer = pending.remove(stream);
      if (answer != null && failure != null) {
        answer.completeExceptionally(failure);
      }
    }
    closed.complete(null);
  }

  private static String reason(@Nullable Throwable failure) {
    return failure == null || failure.getMessage() == null
        ? String.valueOf(failure)
        : failure.getMessage();
  }

  private static void closeQuietly(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.log(Level.FINE, "socket closed with an error", e);
    }
  }
}
