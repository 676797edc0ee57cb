package org.felucca.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLException;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.jspecify.annotations.Nullable;

/** Sends requests until they are answered for good. */
final class Wire {
  private static final Logger LOG = Logger.getLogger(Wire.class.getName());
  private static final int MAX_REDIRECTS = 10;
  private static final String AGENT = "felucca/0.1";

  /** A machine that can't be reached at all is not waited for as one that has too much to do. */
  private static final int CONNECT_ATTEMPTS = 2;

  /** Bytes in a second: a body that is sent more slowly than that is given up. */
  private static final long SLOWEST = 128 << 10;

  private final HttpClients clients;
  private final Authorizer authorizer;
  private final Pauses pauses;
  private final Duration silence;

  Wire(HttpClients clients, Authorizer authorizer, Pauses pauses, Duration silence) {
    this.clients = clients;
    this.authorizer = authorizer;
    this.pauses = pauses;
    this.silence = silence;
  }

  Pauses pauses() {
    return pauses;
  }

  /**
   * Sends a request.
   *
   * @return the answer, whatever its status is but 401; 429 and 5xx only after all attempts. The
   *     caller closes it
   * @throws EngineException as {@link org.felucca.api.registry.RegistryClient} has them
   */
  Reply send(Request request) {
    for (int attempt = 0; ; attempt++) {
      Duration pause = pauses.after(attempt);
      boolean last = attempt + 1 >= pauses.attempts();
      try {
        Reply reply = authorized(request);
        if (!isPassing(reply.status()) || last || !request.repeatable()) {
          return reply;
        }
        Duration asked = Pauses.retryAfter(reply.header("Retry-After"));
        if (asked != null && asked.compareTo(Pauses.PATIENCE) > 0) {
          return reply;
        }
        reply.close();
        pause = asked == null || asked.compareTo(pause) < 0 ? pause : asked;
        LOG.log(
            Level.FINE,
            "registry answered {0}, tried again request={1}",
            new Object[] {reply.status(), request});
      } catch (InterruptedIOException e) {
        Thread.currentThread().interrupt();
        throw EngineException.cancelled(request + ": interrupted");
      } catch (IOException e) {
        boolean unreachable = isUnreachable(e);
        if (e instanceof SSLException
            || isUnresolved(e)
            || last
            || (!request.repeatable() && !unreachable)
            || (unreachable && attempt + 1 >= CONNECT_ATTEMPTS)) {
          throw failure(request.host(), request.uri(), e);
        }
        LOG.log(Level.FINE, "request broke off, sent again request=" + request, e);
      }
      Pauses.sleep(pause, request.toString());
    }
  }

  private static boolean isPassing(int status) {
    return status == 429 || status == 408 || (status >= 500 && status != 501 && status != 505);
  }

  private Reply authorized(Request request) throws IOException {
    String authorization = authorizer.known(request);
    Reply reply = redirected(request, authorization);
    if (reply.status() != 401 || !isOwn(request, reply.uri())) {
      return reply;
    }
    List<Challenge> challenges = Challenge.parse(reply.headers("WWW-Authenticate"));
    String complaint = reply.complaint();
    reply.close();
    String fresh = authorizer.answer(request, challenges, authorization, this);
    if (fresh == null) {
      throw refused(request, complaint, authorization != null);
    }
    Reply second = redirected(request, fresh);
    if (second.status() == 401 && isOwn(request, second.uri())) {
      complaint = second.complaint();
      second.close();
      authorizer.forget(request);
      throw refused(request, complaint, true);
    }
    return second;
  }

  private static boolean isOwn(Request request, URI answered) {
    return Host.origin(answered).equals(Host.origin(request.host().base()));
  }

  static EngineException refused(Request request, String complaint, boolean hadCredentials) {
    return new EngineException(
        ErrorKind.PERMISSION_DENIED,
        "registry %s %s%s; log in by 'felucca login %s'"
            .formatted(
                request.host().name(),
                hadCredentials ? "does not accept the credentials" : "wants credentials",
                complaint.isEmpty() ? "" : " (" + complaint + ")",
                request.host().account()));
  }

  /** Follows redirects. What says who this side is goes to the first origin only. */
  private Reply redirected(Request request, @Nullable String authorization) throws IOException {
    URI uri = request.uri();
    String method = request.method();
    List<URI> seen = new ArrayList<>();
    boolean body = true;
    while (true) {
      boolean own = isOwn(request, uri);
      Reply reply = exchange(request, uri, method, own, own ? authorization : null, body);
      String location = reply.header("Location");
      if (!isRedirect(reply.status()) || location == null) {
        return reply;
      }
      reply.close();
      seen.add(uri);
      URI next = next(request.host(), uri, location);
      if (seen.contains(next) || seen.size() > MAX_REDIRECTS) {
        throw EngineException.invalid(
            "registry %s sends in circles: %d redirects, the last to %s"
                .formatted(request.host().name(), seen.size(), origin(next)));
      }
      if (reply.status() == 303 || (reply.status() <= 302 && method.equals("POST"))) {
        method = "GET";
        body = false;
      }
      uri = next;
    }
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  private static String origin(URI uri) {
    return uri.getScheme() + "://" + uri.getRawAuthority();
  }

  /**
   * The address that a Location means.
   *
   * @throws EngineException INVALID_ARGUMENT if it is none, or leaves TLS
   */
  static URI next(Host host, URI from, String location) {
    URI next;
    try {
      next = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw EngineException.invalid(
          "registry %s sends to an address that is none".formatted(host.name()));
    }
    String scheme = String.valueOf(next.getScheme());
    if (next.getHost() == null || !(scheme.equals("http") || scheme.equals("https"))) {
      throw EngineException.invalid(
          "registry %s sends to an address that is none of http or https".formatted(host.name()));
    }
    if (scheme.equals("http") && "https".equals(from.getScheme())) {
      throw EngineException.invalid(
          "registry %s sends from TLS to plain HTTP at %s, which is not followed"
              .formatted(host.name(), next.getRawAuthority()));
    }
    return next;
  }

  private Reply exchange(
      Request request,
      URI uri,
      String method,
      boolean own,
      @Nullable String authorization,
      boolean body)
      throws IOException {
    HttpRequest.BodyPublisher content =
        body ? request.body().get() : HttpRequest.BodyPublishers.noBody();
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(uri)
            .timeout(silence.plusSeconds(Math.max(0, content.contentLength()) / SLOWEST))
            .header("User-Agent", AGENT)
            .method(method, content);
    request.headers().forEach(builder::header);
    if (own) {
      try {
        request
            .host()
            .headers()
            .forEach((name, all) -> all.forEach(one -> builder.header(name, one)));
      } catch (IllegalArgumentException e) {
        throw EngineException.precondition(
            "a header configured for registry %s can't be sent: %s"
                .formatted(request.host().name(), e.getMessage()));
      }
    }
    if (authorization != null) {
      builder.setHeader("Authorization", authorization);
    }
    TlsSettings tls = own ? request.host().tls() : request.host().tls().anonymous();
    return new Reply(
        send(clients.client(tls, "https".equals(uri.getScheme())), builder.build()),
        request.host());
  }

  private HttpResponse<BodyStream> send(HttpClient client, HttpRequest request) throws IOException {
    try {
      return client.send(request, info -> new BodyStream(silence));
    } catch (InterruptedException e) {
      InterruptedIOException interrupted = new InterruptedIOException("interrupted");
      interrupted.initCause(e);
      throw interrupted;
    }
  }

  /** Sends one request to whoever gives tokens, with nothing but what it says. */
  Reply exchangeToken(Host host, HttpRequest request) throws IOException {
    return new Reply(
        send(
            clients.client(host.tls().anonymous(), "https".equals(request.uri().getScheme())),
            request),
        host);
  }

  static boolean isUnreachable(IOException e) {
    return e instanceof ConnectException
        || e instanceof HttpConnectTimeoutException
        || e instanceof UnknownHostException;
  }

  private static Throwable root(Throwable e) {
    Throwable root = e;
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      root = cause;
    }
    return root;
  }

  private static boolean isUnresolved(IOException e) {
    Throwable root = root(e);
    return root instanceof UnresolvedAddressException || root instanceof UnknownHostException;
  }

  /** What a broken exchange means to people. */
  static EngineException failure(Host host, URI uri, IOException e) {
    String machine = uri.getRawAuthority();
    Throwable root = root(e);
    if (isUnresolved(e)) {
      return new EngineException(
          ErrorKind.UNAVAILABLE,
          "registry %s is not found: the name of the machine can't be resolved; check its spelling, the name server, or HTTPS_PROXY"
              .formatted(machine),
          e);
    }
    if (e instanceof SSLException) {
      return new EngineException(ErrorKind.FAILED_PRECONDITION, tls(host, machine, e, root), e);
    }
    if (e instanceof HttpTimeoutException) {
      return new EngineException(
          ErrorKind.UNAVAILABLE,
          "registry %s does not answer in time; try again later".formatted(machine),
          e);
    }
    if (e instanceof ConnectException) {
      return new EngineException(
          ErrorKind.UNAVAILABLE,
          "registry %s can't be connected to (%s); check that it runs, the port and the proxy"
              .formatted(machine, reason(root)),
          e);
    }
    return new EngineException(
        ErrorKind.UNAVAILABLE,
        "the connection to registry %s broke off (%s); try again".formatted(machine, reason(root)),
        e);
  }

  private static String tls(Host host, String machine, IOException e, Throwable root) {
    String text = e + " " + root;
    if (text.contains("Unsupported or unrecognized SSL message")
        || text.contains("plaintext connection")) {
      return "registry %s does not speak TLS; if that is meant, write server = \"http://%s\" into its hosts.toml, or use --plain-http"
          .formatted(machine, machine);
    }
    if (root instanceof java.security.cert.CertificateException || text.contains("PKIX")) {
      return "the certificate of registry %s is not trusted (%s); name its CA in its hosts.toml (ca = \"...\"), see docs/registries.md"
          .formatted(machine, reason(root));
    }
    return "TLS with registry %s failed (%s); check its certificate and, in hosts.toml, those of this side (client) for %s"
        .formatted(machine, reason(root), host.registry());
  }

  private static String reason(Throwable root) {
    String message = root.getMessage();
    return message == null || message.isBlank()
        ? root.getClass().getSimpleName()
        : message.replaceAll("\\p{Cntrl}", " ");
  }

  /**
   * What an answer that is no success means.
   *
   * @param tried what was tried on what, such as {@code "fetch blob sha256:..."}
   */
  static EngineException failure(Reply reply, String tried) {
    String words = reply.complaint();
    String said = words.isEmpty() ? "" : ": " + words;
    String machine = reply.host().name();
    int status = reply.status();
    Duration pause = Pauses.retryAfter(reply.header("Retry-After"));
    return switch (status) {
      case 401 ->
          new EngineException(
              ErrorKind.PERMISSION_DENIED,
              "%s: %s wants credentials%s".formatted(tried, reply.uri().getRawAuthority(), said));
      case 403 ->
          new EngineException(
              ErrorKind.PERMISSION_DENIED,
              "%s: registry %s does not allow it%s; log in as someone who may by 'felucca login %s'"
                  .formatted(tried, machine, said, reply.host().account()));
      case 404 ->
          EngineException.notFound(
              "%s: registry %s does not have it%s; check name and tag"
                  .formatted(tried, machine, said));
      case 405, 501 ->
          new EngineException(
              ErrorKind.UNIMPLEMENTED,
              "%s: registry %s does not do this%s".formatted(tried, machine, said));
      case 429 ->
          EngineException.unavailable(
              "%s: registry %s has had too many requests%s; try again %s, or log in"
                  .formatted(
                      tried,
                      machine,
                      said,
                      pause == null ? "later" : "in " + pause.toSeconds() + " seconds"));
      default -> {
        if (status >= 500) {
          yield EngineException.unavailable(
              "%s: registry %s failed with status %d%s; try again later"
                  .formatted(tried, machine, status, said));
        }
        yield EngineException.invalid(
            "%s: registry %s answers with status %d%s%s"
                .formatted(
                    tried,
                    machine,
                    status,
                    said,
                    said.contains("HTTP request to an HTTPS")
                        ? "; write server = \"https://%s\" into its hosts.toml".formatted(machine)
                        : ""));
      }
    };
  }
}
