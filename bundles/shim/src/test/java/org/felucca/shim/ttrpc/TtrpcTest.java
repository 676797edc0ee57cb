package org.felucca.shim.ttrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.shim.wire.ttrpc.Request;
import org.felucca.shim.wire.ttrpc.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class TtrpcTest {
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir Path folder;
  private Path socket;
  private ServerSocketChannel listening;

  @BeforeEach
  void listen() throws IOException {
    socket = folder.resolve("s");
    listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listening.bind(UnixDomainSocketAddress.of(socket));
  }

  @AfterEach
  void stop() throws IOException {
    listening.close();
  }

  private static ByteString text(String text) {
    return ByteString.copyFromUtf8(text);
  }

  @Test
  void call_answered() {
    try (TtrpcServer server =
            new TtrpcServer(
                listening, (service, method, payload) -> text(service + method).concat(payload));
        TtrpcClient client = TtrpcClient.connect(socket, "ns", LONG)) {
      assertEquals(text("a.BCd"), client.call("a.B", "C", text("d"), LONG));
      assertTrue(server != null);
    }
  }

  @Test
  void call_failureKeepsKindAndWords() {
    try (TtrpcServer server =
            new TtrpcServer(
                listening,
                (service, method, payload) -> {
                  throw new EngineException(ErrorKind.valueOf(method), "verbatim: \"words\"\n");
                });
        TtrpcClient client = TtrpcClient.connect(socket, "ns", LONG)) {
      for (ErrorKind kind : ErrorKind.values()) {
        EngineException e =
            assertThrows(
                EngineException.class, () -> client.call("s", kind.name(), ByteString.EMPTY, LONG));
        assertEquals(kind, e.kind());
        assertEquals("verbatim: \"words\"\n", e.getMessage());
      }
      assertTrue(server != null);
    }
  }

  @Test
  void call_manyAtOnceOutOfOrder() throws Exception {
    try (ReorderingShim shim = new ReorderingShim(listening, 50);
        TtrpcClient client = TtrpcClient.connect(socket, "ns", LONG);
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<ByteString>> answers = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        ByteString payload = text("call " + i);
        answers.add(callers.submit(() -> client.call("s", "m", payload, LONG)));
      }
      for (int i = 0; i < 500; i++) {
        assertEquals(text("call " + i), answers.get(i).get());
      }
      assertEquals("", shim.complaint());
    }
  }

  @Test
  void call_deadline() throws Exception {
    try (SocketPair pair = new SocketPair(listening, socket)) {
      EngineException e =
          assertThrows(EngineException.class, () -> pair.client.call("s", "Slow", text(""), SHORT));
      assertEquals(ErrorKind.DEADLINE_EXCEEDED, e.kind());
      Request request = Request.parseFrom(Frame.read(pair.server).payload());
      assertEquals(SHORT.toNanos(), request.getTimeoutNano());
      assertEquals("containerd-namespace-ttrpc", request.getMetadata(0).getKey());
      assertEquals("ns", request.getMetadata(0).getValue());
      // The late answer of the first call does not disturb the second.
      pair.answer(1, "late");
      CompletableFuture<ByteString> second = pair.client.send("s", "m", text(""), Duration.ZERO);
      pair.answer(3, "second");
      assertEquals(text("second"), second.get(5, TimeUnit.SECONDS));
    }
  }

  @Test
  void call_interrupted() throws Exception {
    try (SocketPair pair = new SocketPair(listening, socket)) {
      AtomicReference<EngineException> failure = new AtomicReference<>();
      Thread caller =
          Thread.startVirtualThread(
              () ->
                  failure.set(
                      assertThrows(
                          EngineException.class,
                          () -> pair.client.call("s", "Slow", text(""), LONG))));
      Frame.read(pair.server);
      caller.interrupt();
      caller.join();
      assertEquals(ErrorKind.CANCELLED, failure.get().kind());
      assertFalse(pair.client.closed().isDone());
      CompletableFuture<ByteString> second = pair.client.send("s", "m", text(""), Duration.ZERO);
      pair.answer(3, "still there");
      assertEquals(text("still there"), second.get(5, TimeUnit.SECONDS));
    }
  }

  @Test
  void send_connectionLost() throws Exception {
    try (SocketPair pair = new SocketPair(listening, socket)) {
      List<CompletableFuture<ByteString>> answers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        answers.add(pair.client.send("s", "Wait", text(""), Duration.ZERO));
      }
      pair.server.close();
      for (CompletableFuture<ByteString> answer : answers) {
        assertKind(ErrorKind.UNAVAILABLE, answer);
      }
      pair.client.closed().get(5, TimeUnit.SECONDS);
      assertKind(ErrorKind.UNAVAILABLE, pair.client.send("s", "m", text(""), Duration.ZERO));
    }
  }

  @Test
  void send_peerTalksRubbish() throws Exception {
    Random random = new Random(7);
    for (int round = 0; round < 50; round++) {
      try (SocketPair pair = new SocketPair(listening, socket)) {
        CompletableFuture<ByteString> answer = pair.client.send("s", "m", text(""), Duration.ZERO);
        byte[] rubbish = new byte[200];
        random.nextBytes(rubbish);
        if (round % 2 == 0) {
          // A sound frame for the call around a payload that is no message.
          ByteBuffer.wrap(rubbish).putInt(190).putInt(1).put((byte) 2).put((byte) 0).put((byte) 7);
        }
        pair.server.write(ByteBuffer.wrap(rubbish));
        pair.server.close();
        assertKind(ErrorKind.UNAVAILABLE, answer);
      }
    }
  }

  @Test
  void send_tooLong() throws Exception {
    try (SocketPair pair = new SocketPair(listening, socket)) {
      ByteString payload = ByteString.copyFrom(new byte[Frame.MAX_PAYLOAD]);
      assertKind(ErrorKind.RESOURCE_EXHAUSTED, pair.client.send("s", "m", payload, Duration.ZERO));
      assertFalse(pair.client.closed().isDone());
    }
  }

  @Test
  void connect_nobodyListens() {
    EngineException e =
        assertThrows(
            EngineException.class, () -> TtrpcClient.connect(folder.resolve("none"), "ns", LONG));
    assertEquals(ErrorKind.UNAVAILABLE, e.kind());
    assertTrue(e.getMessage().contains("none"), e.getMessage());
  }

  @Test
  void close_waitingReadersCostNoPlatformThread() throws Exception {
    TtrpcServer server = new TtrpcServer(listening, (service, method, payload) -> payload);
    List<TtrpcClient> clients = new ArrayList<>();
    clients.add(TtrpcClient.connect(socket, "ns", LONG));
    clients.getFirst().call("s", "m", text("x"), LONG);
    int before = Thread.activeCount();
    for (int i = 0; i < 200; i++) {
      clients.add(TtrpcClient.connect(socket, "ns", LONG));
      clients.getLast().call("s", "m", text("x"), LONG);
    }
    assertTrue(Thread.activeCount() <= before + 2, Thread.activeCount() + " after " + before);
    server.close();
    for (TtrpcClient client : clients) {
      client.closed().get(5, TimeUnit.SECONDS);
      client.close();
    }
  }

  @Test
  void server_handOver() {
    AtomicInteger first = new AtomicInteger();
    TtrpcServer old =
        new TtrpcServer(
            listening,
            (service, method, payload) -> {
              first.incrementAndGet();
              return text("old");
            });
    try (TtrpcClient client = TtrpcClient.connect(socket, "ns", LONG)) {
      assertEquals(text("old"), client.call("s", "m", text(""), LONG));
      old.close();
      assertTrue(listening.isOpen());
      assertThrows(EngineException.class, () -> client.call("s", "m", text(""), LONG));
    }
    // It waits in the backlog while nobody serves.
    try (TtrpcClient waiting = TtrpcClient.connect(socket, "ns", LONG)) {
      CompletableFuture<ByteString> answer = waiting.send("s", "m", text(""), Duration.ZERO);
      assertFalse(answer.isDone());
      try (TtrpcServer next =
          new TtrpcServer(listening, (service, method, payload) -> text("new"))) {
        assertEquals(text("new"), answer.join());
        assertTrue(next != null);
      }
    }
    assertEquals(1, first.get());
  }

  @Test
  void server_rubbishEndsThatConnectionOnly() throws Exception {
    Random random = new Random(3);
    try (TtrpcServer server = new TtrpcServer(listening, (service, method, payload) -> payload);
        TtrpcClient client = TtrpcClient.connect(socket, "ns", LONG)) {
      for (int round = 0; round < 100; round++) {
        try (SocketChannel rude = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
          byte[] rubbish = new byte[random.nextInt(100)];
          random.nextBytes(rubbish);
          rude.write(ByteBuffer.wrap(rubbish));
        }
      }
      assertEquals(text("fine"), client.call("s", "m", text("fine"), LONG));
      assertTrue(server != null);
    }
  }

  private static void assertKind(ErrorKind kind, CompletableFuture<ByteString> answer)
      throws Exception {
    ExecutionException e =
        assertThrows(ExecutionException.class, () -> answer.get(5, TimeUnit.SECONDS));
    assertEquals(kind, assertInstanceOf(EngineException.class, e.getCause()).kind());
  }

  /** A client and the other end of its connection in the test's hand. */
  private static final class SocketPair implements AutoCloseable {
    final TtrpcClient client;
    final SocketChannel server;

    SocketPair(ServerSocketChannel listening, Path socket) throws IOException {
      client = TtrpcClient.connect(socket, "ns", LONG);
      server = listening.accept();
    }

    void answer(int stream, String payload) throws IOException {
      byte[] bytes = Response.newBuilder().setPayload(text(payload)).build().toByteArray();
      new Frame(stream, Frame.RESPONSE, 0, bytes).write(server);
    }

    @Override
    public void close() throws IOException {
      client.close();
      server.close();
    }
  }

  /** Collects a number of calls and answers them last first; checks the numbering. */
  private static final class ReorderingShim implements AutoCloseable {
    private final Thread thread;
    private volatile String complaint = "";

    ReorderingShim(ServerSocketChannel listening, int batch) {
      thread = Thread.startVirtualThread(() -> run(listening, batch));
    }

    private void run(ServerSocketChannel listening, int batch) {
      try (SocketChannel peer = listening.accept()) {
        int last = -1;
        while (true) {
          List<Frame> calls = new ArrayList<>();
          for (int i = 0; i < batch; i++) {
            Frame call = Frame.read(peer);
            if (call == null) {
              return;
            }
            if (call.stream() <= last || call.stream() % 2 == 0) {
              complaint = call.stream() + " after " + last;
            }
            last = call.stream();
            calls.add(call);
          }
          for (Frame call : calls.reversed()) {
            Request request = Request.parseFrom(call.payload());
            Response response = Response.newBuilder().setPayload(request.getPayload()).build();
            new Frame(call.stream(), Frame.RESPONSE, 0, response.toByteArray()).write(peer);
          }
        }
      } catch (IOException e) {
        complaint = e.toString();
      }
    }

    String complaint() {
      return complaint;
    }

    @Override
    public void close() {
      assertTrue(uninterrupted(), "the shim's thread ends with its connection");
    }

    private boolean uninterrupted() {
      try {
        return thread.join(Duration.ofSeconds(5));
      } catch (InterruptedException e) {
        return false;
      }
    }
  }
}
