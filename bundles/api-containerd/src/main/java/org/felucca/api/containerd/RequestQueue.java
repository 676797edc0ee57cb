package org.felucca.api.containerd;

import io.grpc.ServerCall;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.jspecify.annotations.Nullable;

/** The messages of a client, from gRPC's events to the thread that reads them. */
final class RequestQueue<Q> implements Requests<Q> {
  /** How many messages are asked for before they are read: one is worked on, one is on its way. */
  private static final int AHEAD = 2;

  private final ServerCall<Q, ?> call;
  private final BlockingQueue<Optional<Q>> queue = new LinkedBlockingQueue<>();
  private boolean ended;
  private boolean asked;

  RequestQueue(ServerCall<Q, ?> call) {
    this.call = call;
  }

  void add(Q message) {
    queue.add(Optional.of(message));
  }

  void end() {
    queue.add(Optional.empty());
  }

  @Override
  public @Nullable Q next() {
    if (ended) {
      return null;
    }
    call.request(asked ? 1 : AHEAD);
    asked = true;
    try {
      Optional<Q> message = queue.take();
      ended = message.isEmpty();
      return message.orElse(null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorKind.CANCELLED, "the client has gone", e);
    }
  }
}
