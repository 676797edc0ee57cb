package org.felucca.api.containerd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocking functions as methods of a real gRPC server. */
@Timeout(120)
class MethodsTest {
  private static final Any EMPTY = Any.getDefaultInstance();

  private static MethodDescriptor<Any, Any> method(MethodType type) {
    return MethodDescriptor.<Any, Any>newBuilder()
        .setType(type)
        .setFullMethodName("test.Methods/It")
        .setRequestMarshaller(ProtoUtils.marshaller(EMPTY))
        .setResponseMarshaller(ProtoUtils.marshaller(EMPTY))
        .build();
  }

  private static BindableService service(MethodType type, ServerCallHandler<Any, Any> handler) {
    return () ->
        ServerServiceDefinition.builder("test.Methods").addMethod(method(type), handler).build();
  }

  private static TestingServer unary(Methods.Unary<Any, Any> method) throws Exception {
    return new TestingServer(service(MethodType.UNARY, Methods.unary(method)));
  }

  private static Any call(Channel channel, CallOptions options) {
    return ClientCalls.blockingUnaryCall(channel, method(MethodType.UNARY), options, EMPTY);
  }

  private static Status failure(Methods.Unary<Any, Any> method) throws Exception {
    try (TestingServer server = unary(method)) {
      return assertThrows(
              StatusRuntimeException.class, () -> call(server.plain(), CallOptions.DEFAULT))
          .getStatus();
    }
  }

  private static Any number(int n) {
    return Any.newBuilder().setTypeUrl(Integer.toString(n)).build();
  }

  @ParameterizedTest
  @EnumSource
  void unary_failure_hasTheCodeOfItsKindAndItsOwnWords(ErrorKind kind) throws Exception {
    String words = "OCI runtime create failed: exec: \"nope\": executable file not found in $PATH";
    Status status =
        failure(
            (_, _) -> {
              throw new EngineException(kind, words);
            });
    assertEquals(kind == ErrorKind.INTERNAL ? "UNKNOWN" : kind.name(), status.getCode().name());
    assertEquals(words, status.getDescription());
  }

  @Test
  void unary_fault_isInternal() throws Exception {
    Status status =
        failure(
            (_, _) -> {
              throw new IllegalStateException("a fault that this test makes");
            });
    assertEquals(Status.Code.INTERNAL, status.getCode());
  }

  @Test
  void unary_deadline_interruptsTheMethod() throws Exception {
    CompletableFuture<String> end = new CompletableFuture<>();
    try (TestingServer server =
        unary(
            (_, _) -> {
              try {
                Thread.sleep(Duration.ofMinutes(5));
                end.complete("slept");
              } catch (InterruptedException e) {
                end.complete("interrupted");
              }
              return EMPTY;
            })) {
      CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(300, TimeUnit.MILLISECONDS);
      StatusRuntimeException e =
          assertThrows(StatusRuntimeException.class, () -> call(server.plain(), options));
      assertEquals(Status.Code.DEADLINE_EXCEEDED, e.getStatus().getCode());
      assertEquals("interrupted", end.get(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void streaming_manyAnswers_comeInOrder() throws Exception {
    try (TestingServer server =
        new TestingServer(
            service(
                MethodType.SERVER_STREAMING,
                Methods.streaming(
                    (_, _, answers) -> {
                      for (int i = 0; i < 1000; i++) {
                        answers.send(number(i));
                      }
                    })))) {
      Iterator<Any> got =
          ClientCalls.blockingServerStreamingCall(
              server.plain(), method(MethodType.SERVER_STREAMING), CallOptions.DEFAULT, EMPTY);
      List<String> all = new ArrayList<>();
      got.forEachRemaining(any -> all.add(any.getTypeUrl()));
      assertEquals(1000, all.size());
      assertEquals("999", all.getLast());
    }
  }

  @Test
  void streaming_failureAfterAnswers_endsTheStreamWithIt() throws Exception {
    try (TestingServer server =
        new TestingServer(
            service(
                MethodType.SERVER_STREAMING,
                Methods.streaming(
                    (_, _, answers) -> {
                      answers.send(number(1));
                      throw EngineException.notFound("the second is missing");
                    })))) {
      Iterator<Any> got =
          ClientCalls.blockingServerStreamingCall(
              server.plain(), method(MethodType.SERVER_STREAMING), CallOptions.DEFAULT, EMPTY);
      assertEquals("1", got.next().getTypeUrl());
      StatusRuntimeException e = assertThrows(StatusRuntimeException.class, got::hasNext);
      assertEquals("NOT_FOUND: the second is missing", e.getMessage());
    }
  }

  @Test
  void streaming_clientThatDoesNotRead_holdsTheMethodBackAndEndsItByLeaving() throws Exception {
    AtomicInteger sent = new AtomicInteger();
    CompletableFuture<ErrorKind> end = new CompletableFuture<>();
    Any large = Any.newBuilder().setValue(ByteString.copyFrom(new byte[64 << 10])).build();
    try (TestingServer server =
        new TestingServer(
            service(
                MethodType.SERVER_STREAMING,
                Methods.streaming(
                    (_, _, answers) -> {
                      try {
                        while (sent.get() < 100_000) {
                          answers.send(large);
                          sent.incrementAndGet();
                        }
                      } catch (EngineException e) {
                        end.complete(e.kind());
                        throw e;
                      }
                    })))) {
      ClientCall<Any, Any> call =
          server.plain().newCall(method(MethodType.SERVER_STREAMING), CallOptions.DEFAULT);
      CountDownLatch first = new CountDownLatch(1);
      call.start(
          new ClientCall.Listener<>() {
            @Override
            public void onMessage(Any message) {
              first.countDown();
            }
          },
          new Metadata());
      call.request(1);
      call.sendMessage(EMPTY);
      call.halfClose();
      assertTrue(first.await(60, TimeUnit.SECONDS));
      call.cancel("had enough", null);
      assertEquals(ErrorKind.CANCELLED, end.get(60, TimeUnit.SECONDS));
      assertTrue(sent.get() < 100_000, "sent " + sent);
    }
  }

  @Test
  void conversation_eachRequest_isAnswered() throws Exception {
    try (TestingServer server =
        new TestingServer(
            service(
                MethodType.BIDI_STREAMING,
                Methods.conversation(
                    (requests, _, answers) -> {
                      for (Any q = requests.next(); q != null; q = requests.next()) {
                        answers.send(number(Integer.parseInt(q.getTypeUrl()) * 2));
                      }
                      answers.send(number(-1));
                    })))) {
      BlockingClientCall<Any, Any> call =
          ClientCalls.blockingBidiStreamingCall(
              server.plain(), method(MethodType.BIDI_STREAMING), CallOptions.DEFAULT);
      for (int i = 0; i < 50; i++) {
        assertTrue(call.write(number(i)));
        assertEquals(Integer.toString(i * 2), call.read().getTypeUrl());
      }
      call.halfClose();
      assertEquals("-1", call.read().getTypeUrl());
      assertFalse(call.hasNext());
    }
  }

  @Test
  void conversation_clientThatDies_endsTheMethod() throws Exception {
    CompletableFuture<ErrorKind> end = new CompletableFuture<>();
    CountDownLatch waiting = new CountDownLatch(1);
    try (TestingServer server =
        new TestingServer(
            service(
                MethodType.BIDI_STREAMING,
                Methods.conversation(
                    (requests, _, _) -> {
                      waiting.countDown();
                      try {
                        requests.next();
                      } catch (EngineException e) {
                        end.complete(e.kind());
                        throw e;
                      }
                    })))) {
      BlockingClientCall<Any, Any> call =
          ClientCalls.blockingBidiStreamingCall(
              server.plain(), method(MethodType.BIDI_STREAMING), CallOptions.DEFAULT);
      assertTrue(waiting.await(60, TimeUnit.SECONDS));
      call.cancel("gone", null);
      assertEquals(ErrorKind.CANCELLED, end.get(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void scope_headers_firstValueCounts() throws Exception {
    List<String> seen = new ArrayList<>();
    try (TestingServer server =
        unary(
            (_, call) -> {
              seen.add(call.scope().namespace() + " " + call.scope().lease().orElse("-"));
              return EMPTY;
            })) {
      call(server.in("moby"), CallOptions.DEFAULT);
      call(server.in("moby", "pull-1"), CallOptions.DEFAULT);
      Metadata twice = new Metadata();
      twice.put(CallContext.NAMESPACE, "one");
      twice.put(CallContext.NAMESPACE, "two");
      assertEquals("one", new CallContext(twice).namespace().value());
      assertEquals(Arrays.asList("moby -", "moby pull-1"), seen);
    }
  }

  @Test
  void scope_noNamespaceOrAWrongOne_isRefusedAsContainerdDoes() throws Exception {
    try (TestingServer server =
        unary(
            (_, call) -> {
              call.scope();
              return EMPTY;
            })) {
      for (String namespace : new String[] {"-", "a/b", "a".repeat(77), ".."}) {
        assertEquals(
            Status.Code.INVALID_ARGUMENT,
            assertThrows(
                    StatusRuntimeException.class,
                    () -> call(server.in(namespace), CallOptions.DEFAULT))
                .getStatus()
                .getCode());
      }
      for (Channel channel : List.of(server.plain(), server.in(""))) {
        assertEquals(
            Status.Code.FAILED_PRECONDITION,
            assertThrows(StatusRuntimeException.class, () -> call(channel, CallOptions.DEFAULT))
                .getStatus()
                .getCode());
      }
    }
  }
}
