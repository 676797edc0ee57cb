package org.felucca.registry;

import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.api.EngineException;

/**
 * The JDK's clients, one for each set of certificates, with the threads that they share. A client
 * is made anew when a file that it was made of has changed.
 */
final class HttpClients implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(30);
  private static final int THREADS = 4;
  private static final int MOST = 64;

  /** Settings and the states of their files. */
  private record Key(TlsSettings settings, List<Long> files) {}

  private final Proxies proxies;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS, Thread.ofPlatform().daemon().name("felucca-registry-", 1).factory());
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Key, HttpClient> clients = new HashMap<>();
  private boolean closed;

  HttpClients(Proxies proxies) {
    this.proxies = proxies;
  }

  /** The client for settings, if TLS is spoken at all. */
  HttpClient client(TlsSettings settings, boolean secure) {
    lock.lock();
    try {
      if (closed) {
        throw EngineException.unavailable("registries are being replaced; try again");
      }
      Key key =
          secure ? new Key(settings, states(settings)) : new Key(TlsSettings.MACHINE, List.of());
      HttpClient known = clients.get(key);
      if (known != null) {
        return known;
      }
      if (clients.size() >= MOST) {
        // Their exchanges go on; the clients end with them.
        clients.values().forEach(HttpClient::shutdown);
        clients.clear();
      }
      HttpClient.Builder builder =
          HttpClient.newBuilder()
              .connectTimeout(CONNECT)
              .followRedirects(HttpClient.Redirect.NEVER)
              .proxy(proxies)
              .executor(threads)
              .version(secure ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1);
      if (secure) {
        builder.sslContext(TlsContexts.of(settings));
      }
      HttpClient client = builder.build();
      clients.put(key, client);
      return client;
    } finally {
      lock.unlock();
    }
  }

  private static List<Long> states(TlsSettings settings) {
    List<Path> files = new ArrayList<>(settings.authorities());
    for (TlsSettings.ClientKey client : settings.clients()) {
      files.add(client.certificate());
      if (client.key() != null) {
        files.add(client.key());
      }
    }
    List<Long> states = new ArrayList<>();
    for (Path file : files) {
      try {
        states.add(Files.getLastModifiedTime(file).toMillis() ^ Files.size(file) << 20);
      } catch (IOException e) {
        states.add(-1L);
      }
    }
    return states;
  }

  /** Breaks every exchange off. */
  @Override
  public void close() {
    List<HttpClient> all;
    lock.lock();
    try {
      closed = true;
      all = List.copyOf(clients.values());
      clients.clear();
    } finally {
      lock.unlock();
    }
    all.forEach(HttpClient::shutdownNow);
    try {
      for (HttpClient client : all) {
        client.awaitTermination(Duration.ofSeconds(2));
      }
      threads.shutdownNow();
      threads.awaitTermination(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
