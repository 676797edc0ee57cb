package org.felucca.api.containerd;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Makes gRPC's handlers of blocking functions. A unary method runs on the thread on which its
 * request came, which the server takes from virtual threads; one with streams gets a virtual thread
 * of its own, since gRPC delivers a call's events one after the other. Whoever runs is interrupted
 * when the client gives up.
 */
final class Methods {
  /** One request, one answer. */
  @FunctionalInterface
  interface Unary<Q, R> {
    /** Answers the request; throws EngineException. */
    R answer(Q request, CallContext call);
  }

  /** One request, many answers. */
  @FunctionalInterface
  interface Streaming<Q, R> {
    /** Answers the request; the stream ends well when this returns. */
    void answer(Q request, CallContext call, Answers<R> answers);
  }

  /** Many requests, many answers. */
  @FunctionalInterface
  interface Conversation<Q, R> {
    /** Holds the conversation; the stream ends well when this returns. */
    void hold(Requests<Q> requests, CallContext call, Answers<R> answers);
  }

  private Methods() {}

  /** A method of one request and one answer. */
  static <Q, R> ServerCallHandler<Q, R> unary(Unary<Q, R> method) {
    return (call, headers) -> {
      call.request(2);
      return new SingleRequest<>(call) {
        @Override
        void begin(Q request) {
          finish(
              call,
              () -> {
                R answer = method.answer(request, new CallContext(headers));
                call.sendHeaders(new Metadata());
                call.sendMessage(answer);
              });
        }
      };
    };
  }

  /** A method of one request and many answers. */
  static <Q, R> ServerCallHandler<Q, R> streaming(Streaming<Q, R> method) {
    return (call, headers) -> {
      call.request(2);
      StreamGate gate = new StreamGate();
      return new SingleRequest<>(call) {
        @Override
        void begin(Q request) {
          onOwnThread(
              call,
              () -> {
                call.sendHeaders(new Metadata());
                method.answer(request, new CallContext(headers), answer -> gate.send(call, answer));
              });
        }

        @Override
        public void onReady() {
          gate.open();
        }
      };
    };
  }

  /**
   * A method of one request and many answers that can wait until an answer is handed to the kernel,
   * and tells itself when the call is accepted.
   */
  static <Q, R> ServerCallHandler<Q, R> confirming(Streaming<Q, R> method) {
    return (call, headers) -> {
      call.request(2);
      call.setOnReadyThreshold(1);
      StreamGate gate = new StreamGate();
      Answers<R> answers =
          new Answers<>() {
            @Override
            public void accept() {
              call.sendHeaders(new Metadata());
            }

            @Override
            public void send(R answer) {
              gate.send(call, answer);
            }

            @Override
            public void settle() {
              gate.await(call);
            }
          };
      return new SingleRequest<>(call) {
        @Override
        void begin(Q request) {
          onOwnThread(call, () -> method.answer(request, new CallContext(headers), answers));
        }

        @Override
        public void onReady() {
          gate.open();
        }
      };
    };
  }

  /** A method of many requests and many answers. */
  static <Q, R> ServerCallHandler<Q, R> conversation(Conversation<Q, R> method) {
    return (call, headers) -> {
      StreamGate gate = new StreamGate();
      RequestQueue<Q> requests = new RequestQueue<>(call);
      onOwnThread(
          call,
          () -> {
            call.sendHeaders(new Metadata());
            method.hold(requests, new CallContext(headers), answer -> gate.send(call, answer));
          });
      return new ServerCall.Listener<>() {
        @Override
        public void onMessage(Q message) {
          requests.add(message);
        }

        @Override
        public void onHalfClose() {
          requests.end();
        }

        @Override
        public void onReady() {
          gate.open();
        }
      };
    };
  }

  private static void onOwnThread(ServerCall<?, ?> call, Runnable work) {
    Thread.ofVirtual()
        .name(call.getMethodDescriptor().getFullMethodName())
        .start(Context.current().wrap(() -> finish(call, work)));
  }

  /** Does the work and ends the call, well or not. */
  private static void finish(ServerCall<?, ?> call, Runnable work) {
    Status status = Status.OK;
    try (Interrupts _ = new Interrupts()) {
      work.run();
    } catch (Throwable e) {
      status = Statuses.of(call.getMethodDescriptor().getFullMethodName(), e);
    }
    if (!call.isCancelled()) {
      call.close(status, new Metadata());
    }
  }

  /** Waits for the one request of a call and complains of none or more. */
  private abstract static class SingleRequest<Q, R> extends ServerCall.Listener<Q> {
    private final ServerCall<Q, R> call;
    private @Nullable Q request;
    private boolean refused;

    SingleRequest(ServerCall<Q, R> call) {
      this.call = call;
    }

    abstract void begin(Q request);

    @Override
    public void onMessage(Q message) {
      if (request != null && !refused) {
        refuse("more than one request message");
      }
      request = message;
    }

    @Override
    public void onHalfClose() {
      Q only = request;
      if (only == null) {
        refuse("no request message");
      } else if (!refused) {
        begin(only);
      }
    }

    private void refuse(String what) {
      refused = true;
      call.close(Status.INTERNAL.withDescription(what), new Metadata());
    }
  }
}
