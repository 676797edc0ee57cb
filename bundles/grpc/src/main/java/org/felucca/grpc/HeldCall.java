package org.felucca.grpc;

import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.InputStream;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.felucca.swap.Hold;
import org.jspecify.annotations.Nullable;

/**
 * A call that keeps its service from going, until it ends or the service's patience does: then the
 * client gets UNAVAILABLE and the handler is cancelled. The client's connection stays.
 *
 * <p>A handler and whoever takes the service away may both want to end the call; gRPC's calls are
 * not made for that, so this one puts them one after the other.
 */
final class HeldCall extends SimpleForwardingServerCall<InputStream, InputStream> {
  private final Context.CancellableContext context = Context.current().withCancellation();
  private final ReentrantLock lock = new ReentrantLock();
  private boolean closed;
  private volatile boolean cancelled;
  private @Nullable Hold<BindableService> hold;
  private boolean started;

  private final Consumer<HeldCall> over;

  /**
   * @param over is told when it is over
   */
  HeldCall(ServerCall<InputStream, InputStream> call, Consumer<HeldCall> over) {
    super(call);
    this.over = over;
  }

  /** Keeps a service from now on. */
  void holds(Hold<BindableService> taken) {
    hold = taken;
  }

  private void release() {
    Hold<BindableService> held = hold;
    if (held != null) {
      held.close();
    }
    context.cancel(null);
    over.accept(this);
  }

  /** The call has not come to its method, so nobody will say that it is over. */
  void releaseUnlessStarted() {
    if (!started) {
      release();
    }
  }

  /** Hands the call to its method. */
  ServerCall.Listener<InputStream> start(ServerMethodDefinition<?, ?> method, Metadata headers) {
    @SuppressWarnings("unchecked") // the registry made its messages bytes
    ServerMethodDefinition<InputStream, InputStream> bytes =
        (ServerMethodDefinition<InputStream, InputStream>) method;
    ServerCall.Listener<InputStream> listener =
        Contexts.interceptCall(context, this, headers, bytes.getServerCallHandler());
    started = true;
    return new SimpleForwardingServerCallListener<>(listener) {
      @Override
      public void onComplete() {
        try {
          super.onComplete();
        } finally {
          release();
        }
      }

      @Override
      public void onCancel() {
        try {
          super.onCancel();
        } finally {
          release();
        }
      }
    };
  }

  /** The service has to go now. Called while others wait, so the work is left to another thread. */
  void replaced() {
    Thread.ofVirtual()
        .name("grpc-end")
        .start(
            () ->
                end(
                    Status.UNAVAILABLE.withDescription(
                        "the service of "
                            + getMethodDescriptor().getFullMethodName()
                            + " is being replaced; try again")));
  }

  private void end(Status status) {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        cancelled = true;
        super.close(status, new Metadata());
      }
    } finally {
      lock.unlock();
    }
    context.cancel(status.asRuntimeException());
  }

  @Override
  public void sendHeaders(Metadata headers) {
    lock.lock();
    try {
      if (!cancelled) {
        super.sendHeaders(headers);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void sendMessage(InputStream message) {
    lock.lock();
    try {
      if (!cancelled) {
        super.sendMessage(message);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close(Status status, Metadata trailers) {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        super.close(status, trailers);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isReady() {
    return !cancelled && super.isReady();
  }

  @Override
  public boolean isCancelled() {
    return cancelled || super.isCancelled();
  }

  @Override
  public String toString() {
    return "call " + getMethodDescriptor().getFullMethodName();
  }
}
