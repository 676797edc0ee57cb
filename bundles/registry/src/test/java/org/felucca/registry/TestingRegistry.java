package org.felucca.registry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.ImageReference;
import org.felucca.oci.MediaTypes;

/** A registry of a few lines that can be made to misbehave. Keeps one repository's worth of all. */
final class TestingRegistry implements AutoCloseable {
  /** What looks at a request first. */
  interface Hook {
    /** Whether it has answered. */
    boolean handled(HttpExchange exchange) throws IOException;
  }

  private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-([0-9]+)");

  final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
  final Map<String, byte[]> manifests = new ConcurrentHashMap<>();
  final Map<String, String> types = new ConcurrentHashMap<>();
  final Map<String, ByteArrayOutputStream> sessions = new ConcurrentHashMap<>();
  final List<String> log = new CopyOnWriteArrayList<>();
  volatile Hook hook = exchange -> false;
  volatile boolean ranges = true;
  volatile boolean mounts;
  private final AtomicInteger numbers = new AtomicInteger();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;

  TestingRegistry() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
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

  ImageReference name(String rest) {
    return ImageReference.parse(host() + "/" + rest);
  }

  Descriptor blob(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    Digest digest = Digest.sha256(bytes);
    blobs.put(digest.toString(), bytes);
    return new Descriptor(MediaTypes.OCI_LAYER_GZIP, digest, size);
  }

  Descriptor manifest(String tag, String type, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Digest digest = Digest.sha256(bytes);
    for (String key : List.of(tag, digest.toString())) {
      manifests.put(key, bytes);
      types.put(key, type);
    }
    return new Descriptor(type, digest, bytes.length);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    String line =
        exchange.getRequestMethod()
            + " "
            + exchange.getRequestURI()
            + (range == null ? "" : " " + range);
    log.add(line);
    try (exchange) {
      if (!hook.handled(exchange)) {
        route(exchange);
      }
    }
  }

  private void route(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (path.equals("/v2/")) {
      answer(exchange, 200, new byte[0]);
    } else if (path.contains("/blobs/uploads/")) {
      upload(exchange, path);
    } else if (path.contains("/blobs/")) {
      byte[] bytes = blobs.get(last(path));
      send(exchange, bytes);
    } else if (path.contains("/manifests/") && exchange.getRequestMethod().equals("PUT")) {
      byte[] bytes = exchange.getRequestBody().readAllBytes();
      manifests.put(last(path), bytes);
      types.put(last(path), exchange.getRequestHeaders().getFirst("Content-Type"));
      exchange.getResponseHeaders().set("Docker-Content-Digest", Digest.sha256(bytes).toString());
      answer(exchange, 201, new byte[0]);
    } else if (path.contains("/manifests/") && exchange.getRequestMethod().equals("DELETE")) {
      answer(exchange, manifests.remove(last(path)) == null ? 404 : 202, new byte[0]);
    } else if (path.contains("/manifests/")) {
      byte[] bytes = manifests.get(last(path));
      if (bytes != null) {
        exchange.getResponseHeaders().set("Content-Type", types.get(last(path)));
        exchange.getResponseHeaders().set("Docker-Content-Digest", Digest.sha256(bytes).toString());
      }
      send(exchange, bytes);
    } else {
      missing(exchange);
    }
  }

  private static String last(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private void upload(HttpExchange exchange, String path) throws IOException {
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    if (exchange.getRequestMethod().equals("POST")) {
      if (mounts && query.contains("mount=")) {
        answer(exchange, 201, new byte[0]);
        return;
      }
      String session = path + numbers.incrementAndGet();
      sessions.put(session, new ByteArrayOutputStream());
      exchange.getResponseHeaders().set("Location", session);
      answer(exchange, 202, new byte[0]);
      return;
    }
    ByteArrayOutputStream session = sessions.get(path);
    if (session == null) {
      missing(exchange);
      return;
    }
    if (!exchange.getRequestMethod().equals("GET")) {
      exchange.getRequestBody().transferTo(session);
    }
    exchange.getResponseHeaders().set("Location", path);
    exchange.getResponseHeaders().set("Range", "0-" + Math.max(0, session.size() - 1));
    if (exchange.getRequestMethod().equals("PUT")) {
      String digest = Digest.sha256(session.toByteArray()).toString();
      if (!query.contains(digest)) {
        answer(exchange, 400, error("DIGEST_INVALID", "it is another one"));
        return;
      }
      blobs.put(digest, session.toByteArray());
      sessions.remove(path);
      answer(exchange, 201, new byte[0]);
    } else if (exchange.getRequestMethod().equals("GET")) {
      answer(exchange, 204, new byte[0]);
    } else {
      answer(exchange, 202, new byte[0]);
    }
  }

  private void send(HttpExchange exchange, byte[] bytes) throws IOException {
    if (bytes == null) {
      missing(exchange);
      return;
    }
    String asked = exchange.getRequestHeaders().getFirst("Range");
    Matcher range = RANGE.matcher(String.valueOf(asked));
    if (ranges && range.matches()) {
      int from = Integer.parseInt(range.group(1));
      int to = Math.min(bytes.length - 1, Integer.parseInt(range.group(2)));
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes %d-%d/%d".formatted(from, to, bytes.length));
      answer(exchange, 206, java.util.Arrays.copyOfRange(bytes, from, to + 1));
    } else {
      answer(exchange, 200, bytes);
    }
  }

  static void missing(HttpExchange exchange) throws IOException {
    answer(exchange, 404, error("NOT_THERE", "there is no such thing"));
  }

  static byte[] error(String code, String message) {
    return "{\"errors\":[{\"code\":\"%s\",\"message\":\"%s\"}]}"
        .formatted(code, message)
        .getBytes(StandardCharsets.UTF_8);
  }

  static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.getRequestBody().readAllBytes();
    boolean head = exchange.getRequestMethod().equals("HEAD");
    if (head) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
    }
    exchange.sendResponseHeaders(status, head || body.length == 0 ? -1 : body.length);
    if (!head && body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }

  static void json(HttpExchange exchange, String text) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    answer(exchange, 200, text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
