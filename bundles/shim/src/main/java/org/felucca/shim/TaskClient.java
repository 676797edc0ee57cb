package org.felucca.shim;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.shim.ttrpc.TtrpcClient;
import org.felucca.shim.wire.own.AssignRequest;
import org.felucca.shim.wire.own.AssignResponse;
import org.felucca.shim.wire.task.ConnectRequest;
import org.felucca.shim.wire.task.ConnectResponse;

/**
 * The task service of one shim, whose messages are the same in version 2 and 3; only the name of
 * the service differs.
 */
final class TaskClient {
  /** Where futures are completed: whoever waits for them must not hold the reader. */
  private static final Executor OWN_THREAD = task -> Thread.startVirtualThread(task);

  private static final String OWN = "felucca.shim.v1.Shim";

  private final TtrpcClient connection;
  private final int protocol;

  private TaskClient(TtrpcClient connection, int protocol) {
    this.connection = connection;
    this.protocol = protocol;
  }

  /** A service that was asked which processes it is of. */
  record Connected(TaskClient client, ConnectResponse processes) {}

  /**
   * Connects and asks which process answers. A shim that does not know version 3 is asked in
   * version 2.
   *
   * @throws EngineException as the connection and the call; the connection is closed then
   */
  static Connected connect(Key key, Bootstrap bootstrap, Duration timeout) {
    TtrpcClient connection =
        TtrpcClient.connect(bootstrap.socket(), key.namespace().value(), timeout);
    try {
      TaskClient client = new TaskClient(connection, bootstrap.protocol());
      try {
        return new Connected(client, client.processes(key, timeout));
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.UNIMPLEMENTED || bootstrap.protocol() != 3) {
          throw e;
        }
      }
      TaskClient older = new TaskClient(connection, 2);
      return new Connected(older, older.processes(key, timeout));
    } catch (EngineException e) {
      connection.close();
      throw e;
    }
  }

  private ConnectResponse processes(Key key, Duration timeout) {
    return call(
        "Connect",
        ConnectRequest.newBuilder().setId(key.id().value()).build(),
        ConnectResponse.parser(),
        timeout);
  }

  int protocol() {
    return protocol;
  }

  /** A shim that was started ahead is told for whom it is. */
  void assign(Key key, AssignRequest request, Duration timeout) {
    AssignResponse answer = callOwn("Assign", request, AssignResponse.parser(), timeout);
    if (answer.getAddress().isEmpty()) {
      throw EngineException.internal("Assign: the shim does not say where it listens", null);
    }
    connection.speakFor(key.namespace().value());
  }

  /** Calls felucca-shim's own service; see {@link TtrpcClient#call}. */
  <T> T callOwn(String method, Message request, Parser<T> answer, Duration timeout) {
    return parse(method, connection.call(OWN, method, request.toByteString(), timeout), answer);
  }

  private String service() {
    return protocol == 3 ? "containerd.task.v3.Task" : "containerd.task.v2.Task";
  }

  /** Calls and waits; see {@link TtrpcClient#call}. */
  <T> T call(String method, Message request, Parser<T> answer, Duration timeout) {
    return parse(
        method, connection.call(service(), method, request.toByteString(), timeout), answer);
  }

  /** Calls without a deadline. */
  <T> CompletableFuture<T> send(String method, Message request, Parser<T> answer) {
    return connection
        .send(service(), method, request.toByteString(), Duration.ZERO)
        .thenApplyAsync(payload -> parse(method, payload, answer), OWN_THREAD);
  }

  private static <T> T parse(String method, ByteString payload, Parser<T> answer) {
    try {
      return answer.parseFrom(payload);
    } catch (InvalidProtocolBufferException e) {
      throw EngineException.internal(
          method + ": the shim's answer does not parse: " + e.getMessage(), e);
    }
  }

  /** Completed, on a thread of its own, when the connection is broken or closed. */
  CompletableFuture<Void> closed() {
    return connection.closed().thenRunAsync(() -> {}, OWN_THREAD);
  }

  /** Whether the connection is broken or closed by now. */
  boolean isClosed() {
    return connection.closed().isDone();
  }

  void close() {
    connection.close();
  }
}
