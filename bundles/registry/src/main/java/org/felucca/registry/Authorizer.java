package org.felucca.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.registry.Credential;
import org.felucca.api.registry.Credentials;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Who requests come from. Remembers, for each source of credentials, what has convinced an origin
 * of a right, until it expires; a source that nobody else holds is forgotten with all of it.
 */
final class Authorizer {
  private static final int MAX_TOKEN = 1 << 20;
  private static final int MOST = 500;
  private static final Duration USUAL = Duration.ofSeconds(60);
  private static final Duration MARGIN = Duration.ofSeconds(5);

  /** What was proven where. */
  private record Right(String origin, String registry, String account, String scopes) {}

  /** A value of the header Authorization, good until a time of System.nanoTime. */
  private record Proof(String header, long until) {}

  private final Credentials logins;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Credentials, Map<Right, Proof>> proofs = new WeakHashMap<>();
  private final Map<Right, ReentrantLock> asking = new HashMap<>();

  /**
   * @param logins where the credentials of callers come from that have none of their own
   */
  Authorizer(Credentials logins) {
    this.logins = logins;
  }

  private Credentials source(Request request) {
    Credentials own = request.access().credentials();
    return own == null ? logins : own;
  }

  private static Right right(Request request) {
    Host host = request.host();
    return new Right(Host.origin(request.uri()), host.registry(), host.account(), request.scopes());
  }

  /** What will probably convince, or null. */
  @Nullable String known(Request request) {
    if (!Host.origin(request.uri()).equals(Host.origin(request.host().base()))) {
      return null; // an address that the registry has named is somebody else's
    }
    lock.lock();
    try {
      Proof proof = proofs.getOrDefault(source(request), Map.of()).get(right(request));
      return proof == null || proof.until() - System.nanoTime() < 0 ? null : proof.header();
    } finally {
      lock.unlock();
    }
  }

  void forget(Request request) {
    lock.lock();
    try {
      Map<Right, Proof> known = proofs.get(source(request));
      if (known != null) {
        known.remove(right(request));
      }
    } finally {
      lock.unlock();
    }
  }

  /** Forgets all, because credentials have changed. */
  void forgetAll() {
    lock.lock();
    try {
      proofs.clear();
    } finally {
      lock.unlock();
    }
  }

  private void remember(Request request, String header, Duration life) {
    lock.lock();
    try {
      Map<Right, Proof> known = proofs.computeIfAbsent(source(request), source -> new HashMap<>());
      if (known.size() >= MOST) {
        known.clear();
      }
      known.put(right(request), new Proof(header, System.nanoTime() + life.toNanos()));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Finds what convinces.
   *
   * @param failed what did not, or null
   * @return a value of the header Authorization, or null if there is nothing to convince with
   */
  @Nullable String answer(
      Request request, List<Challenge> challenges, @Nullable String failed, Wire wire) {
    if (!Host.origin(request.uri()).equals(Host.origin(request.host().base()))) {
      return null;
    }
    ReentrantLock one;
    lock.lock();
    try {
      if (asking.size() > MOST) {
        asking.values().removeIf(each -> !each.isLocked() && !each.hasQueuedThreads());
      }
      one = asking.computeIfAbsent(right(request), right -> new ReentrantLock());
    } finally {
      lock.unlock();
    }
    try {
      one.lockInterruptibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled(request + ": interrupted");
    }
    try {
      String known = known(request);
      if (known != null && !known.equals(failed)) {
        return known; // another request has found it meanwhile
      }
      forget(request);
      return find(request, challenges, wire);
    } finally {
      one.unlock();
    }
  }

  private @Nullable String find(Request request, List<Challenge> challenges, Wire wire) {
    Credential credential = source(request).find(request.host().account());
    if (credential instanceof Credential.Header header) {
      remember(request, header.value(), USUAL);
      return header.value();
    }
    if (credential instanceof Credential.AccessToken token) {
      String value = "Bearer " + token.token();
      remember(request, value, USUAL);
      return value;
    }
    for (Challenge challenge : challenges) {
      if (challenge.scheme().equals("bearer") && !challenge.parameter("realm").isEmpty()) {
        return bearer(request, challenge, credential, wire);
      }
    }
    for (Challenge challenge : challenges) {
      if (challenge.scheme().equals("basic") && credential instanceof Credential.Basic basic) {
        String value = basic(basic);
        remember(request, value, USUAL);
        return value;
      }
    }
    return null;
  }

  private static String basic(Credential.Basic basic) {
    byte[] pair = (basic.username() + ":" + basic.password()).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  private String bearer(
      Request request, Challenge challenge, @Nullable Credential credential, Wire wire) {
    Host host = request.host();
    URI realm = Wire.next(host, host.base(), challenge.parameter("realm"));
    if (credential != null
        && "http".equals(realm.getScheme())
        && !Host.isLoopback(realm.getHost())
        && !realm.getHost().equals(host.base().getHost())) {
      throw new EngineException(
          ErrorKind.PERMISSION_DENIED,
          "registry %s wants the credentials sent to %s without TLS, which is not done"
              .formatted(host.name(), realm.getRawAuthority()));
    }
    SortedSet<String> scopes = new TreeSet<>();
    for (String text : List.of(request.scopes(), challenge.parameter("scope"))) {
      for (String scope : text.split(" ")) {
        if (!scope.isEmpty()) {
          scopes.add(scope);
        }
      }
    }
    HttpRequest asked =
        credential instanceof Credential.IdentityToken identity
            ? refresh(realm, challenge, scopes, identity)
            : plain(realm, challenge, scopes, credential);
    JsonObject answer = token(host, asked, wire);
    String token = answer.string("token", answer.string("access_token", ""));
    if (token.isEmpty()) {
      throw EngineException.invalid(
          "token server %s answers without a token".formatted(realm.getRawAuthority()));
    }
    long seconds = Math.clamp(answer.number("expires_in", 60), 10, 24 * 3600);
    String value = "Bearer " + token;
    remember(request, value, Duration.ofSeconds(seconds).minus(MARGIN));
    return value;
  }

  private static HttpRequest plain(
      URI realm, Challenge challenge, SortedSet<String> scopes, @Nullable Credential credential) {
    StringBuilder query = new StringBuilder(realm.getRawQuery() == null ? "" : realm.getRawQuery());
    if (!challenge.parameter("service").isEmpty()) {
      add(query, "service", challenge.parameter("service"));
    }
    scopes.forEach(scope -> add(query, "scope", scope));
    if (credential instanceof Credential.Basic basic) {
      add(query, "account", basic.username());
    }
    String base = realm.toString().replaceFirst("[?#].*$", "");
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create(query.isEmpty() ? base : base + "?" + query))
            .timeout(Duration.ofSeconds(60));
    if (credential instanceof Credential.Basic basic) {
      builder.header("Authorization", basic(basic));
    }
    return builder.build();
  }

  private static HttpRequest refresh(
      URI realm, Challenge challenge, SortedSet<String> scopes, Credential.IdentityToken identity) {
    StringBuilder form = new StringBuilder();
    add(form, "grant_type", "refresh_token");
    add(form, "refresh_token", identity.token());
    add(form, "client_id", "felucca");
    add(form, "service", challenge.parameter("service"));
    add(form, "scope", String.join(" ", scopes));
    return HttpRequest.newBuilder(realm)
        .timeout(Duration.ofSeconds(60))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(form.toString()))
        .build();
  }

  private static void add(StringBuilder query, String name, String value) {
    query
        .append(query.isEmpty() ? "" : "&")
        .append(name)
        .append('=')
        .append(URLEncoder.encode(value, StandardCharsets.UTF_8));
  }

  private static JsonObject token(Host host, HttpRequest request, Wire wire) {
    String server = request.uri().getRawAuthority();
    for (int attempt = 0; ; attempt++) {
      boolean last = attempt + 1 >= wire.pauses().attempts();
      try (Reply reply = wire.exchangeToken(host, request)) {
        int status = reply.status();
        if (status == 200) {
          return Json.object(
              reply.document(MAX_TOKEN, "the token"), "the answer of token server " + server);
        }
        boolean passing = status == 429 || status >= 500;
        if (!passing || last) {
          String words = reply.complaint();
          String said = words.isEmpty() ? "" : ": " + words;
          throw passing
              ? EngineException.unavailable(
                  "token server %s failed with status %d%s; try again later"
                      .formatted(server, status, said))
              : new EngineException(
                  ErrorKind.PERMISSION_DENIED,
                  "token server %s refuses with status %d%s; log in by 'felucca login %s'"
                      .formatted(server, status, said, host.account()));
        }
      } catch (InterruptedIOException e) {
        Thread.currentThread().interrupt();
        throw EngineException.cancelled("ask token server " + server + ": interrupted");
      } catch (IOException e) {
        if (last || Wire.isUnreachable(e) || e instanceof javax.net.ssl.SSLException) {
          throw Wire.failure(host, request.uri(), e).during("ask the token server");
        }
      }
      Pauses.sleep(wire.pauses().after(attempt), "ask token server " + server);
    }
  }
}
