package org.felucca.clients;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Stands before a registry, notes what is asked, and spoils the answers as a test wants it. */
final class FaultProxy implements AutoCloseable {
  /** Spoils an exchange. */
  interface Fault {
    /** Whether it has answered; else the registry does. */
    boolean spoils(HttpExchange exchange, FaultProxy proxy) throws IOException;
  }

  private static final List<String> PASSED_ON =
      List.of("Range", "Accept", "Content-Type", "Content-Range");

  final List<String> log = new CopyOnWriteArrayList<>();
  private volatile Fault fault = (exchange, proxy) -> false;
  private final String registry;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient client = HttpClient.newHttpClient();

  FaultProxy(String registry) {
    this.registry = registry;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  /** From now on. */
  void spoil(Fault next) {
    log.clear();
    fault = next;
  }

  void behave() {
    spoil((exchange, proxy) -> false);
  }

  /** The requests for layers and configs. */
  List<String> blobs() {
    return log.stream().filter(line -> line.startsWith("GET ") && isBlob(line)).toList();
  }

  static boolean isBlob(String text) {
    return text.contains("/blobs/sha256:");
  }

  private void handle(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    log.add(
        exchange.getRequestMethod()
            + " "
            + exchange.getRequestURI()
            + (range == null ? "" : " " + range));
    try (exchange) {
      if (!fault.spoils(exchange, this)) {
        HttpResponse<byte[]> answer = ask(exchange);
        headers(exchange, answer);
        send(exchange, answer.statusCode(), answer.body());
      }
    }
  }

  /** What the registry answers. */
  HttpResponse<byte[]> ask(HttpExchange exchange) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + registry + exchange.getRequestURI()));
    PASSED_ON.forEach(
        name ->
            exchange
                .getRequestHeaders()
                .getOrDefault(name, List.of())
                .forEach(value -> request.header(name, value)));
    byte[] body = exchange.getRequestBody().readAllBytes();
    request.method(
        exchange.getRequestMethod(),
        body.length == 0
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofByteArray(body));
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** Passes the answer's headers on, but for its length. */
  static void headers(HttpExchange exchange, HttpResponse<?> answer) {
    answer
        .headers()
        .map()
        .forEach(
            (name, values) -> {
              if (!name.equalsIgnoreCase("content-length")
                  && !name.equalsIgnoreCase("transfer-encoding")) {
                exchange.getResponseHeaders().put(name, values);
              }
            });
    if (exchange.getRequestMethod().equals("HEAD")) {
      answer
          .headers()
          .firstValue("Content-Length")
          .ifPresent(length -> exchange.getResponseHeaders().set("Content-Length", length));
    }
  }

  static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    boolean none = exchange.getRequestMethod().equals("HEAD") || body.length == 0;
    exchange.sendResponseHeaders(status, none ? -1 : body.length);
    if (!none) {
      exchange.getResponseBody().write(body);
    }
  }

  static void send(HttpExchange exchange, int status, String mediaType, String body)
      throws IOException {
    exchange.getRequestBody().readAllBytes();
    exchange.getResponseHeaders().set("Content-Type", mediaType);
    send(exchange, status, body.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    client.shutdownNow();
  }
}
