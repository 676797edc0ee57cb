package org.felucca.shim;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.event.Event;
import org.felucca.api.shim.ShimListener;
import org.felucca.api.shim.ShimService;
import org.felucca.shim.ttrpc.TtrpcServer;
import org.felucca.shim.wire.forward.ForwardRequest;
import org.felucca.shim.wire.types.Envelope;
import org.jspecify.annotations.Nullable;

/**
 * Takes the events of all shims and hands them to the one listener. A shim gets its answer only
 * after the listener took the event; while there is none it is refused, and tries again.
 */
final class EventReceiver implements TtrpcServer.Handler {
  private static final String SERVICE = "containerd.services.events.ttrpc.v1.Events";
  private static final long DRAIN_SECONDS = 2;

  /** Read by every delivery, written to change the listener: a listener that left is not called. */
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  private volatile @Nullable ShimListener listener;

  @Override
  public ByteString answer(String service, String method, ByteString payload) {
    if (!service.equals(SERVICE) || !method.equals("Forward")) {
      throw new EngineException(
          ErrorKind.UNIMPLEMENTED, "%s/%s is not served here".formatted(service, method));
    }
    Envelope envelope;
    Event event;
    try {
      envelope = ForwardRequest.parseFrom(payload).getEnvelope();
      event = EventDecoder.decode(envelope);
    } catch (InvalidProtocolBufferException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT, "the event does not parse: " + e.getMessage(), e);
    }
    Namespace namespace = new Namespace(envelope.getNamespace());
    Lock reading = lock.readLock();
    reading.lock();
    try {
      ShimListener current = listener;
      if (current == null) {
        throw EngineException.unavailable("nobody takes events yet");
      }
      current.happened(namespace, event);
    } finally {
      reading.unlock();
    }
    return ByteString.EMPTY;
  }

  ShimService.Listening listen(ShimListener taker) {
    synchronized (this) {
      if (listener != null) {
        throw EngineException.precondition("events of shims have a listener already");
      }
      listener = taker;
    }
    AtomicBoolean left = new AtomicBoolean();
    return () -> {
      if (left.compareAndSet(false, true)) {
        leave();
      }
    };
  }

  /** Lets nobody in any more, and waits, bounded, for those inside. */
  private void leave() {
    synchronized (this) {
      listener = null;
    }
    Lock writing = lock.writeLock();
    try {
      if (writing.tryLock(DRAIN_SECONDS, TimeUnit.SECONDS)) {
        writing.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
