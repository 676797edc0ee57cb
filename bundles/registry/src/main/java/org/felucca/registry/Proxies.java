package org.felucca.registry;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The proxies that the environment names: {@code HTTP_PROXY}, {@code HTTPS_PROXY} and {@code
 * NO_PROXY}, in capitals or not. Never for this machine itself.
 */
final class Proxies extends ProxySelector {
  private static final Logger LOG = Logger.getLogger(Proxies.class.getName());
  private static final List<Proxy> DIRECT = List.of(Proxy.NO_PROXY);

  private final @Nullable Proxy http;
  private final @Nullable Proxy https;
  private final List<String> exceptions = new ArrayList<>();

  Proxies(Map<String, String> environment) {
    http = proxy(environment, "http_proxy");
    https = proxy(environment, "https_proxy");
    for (String exception : variable(environment, "no_proxy").split(",")) {
      String plain = exception.strip().toLowerCase(Locale.ROOT);
      if (!plain.isEmpty()) {
        exceptions.add(plain.startsWith("*.") ? plain.substring(1) : plain);
      }
    }
  }

  private static String variable(Map<String, String> environment, String name) {
    String value = environment.get(name);
    return value == null || value.isEmpty()
        ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "")
        : value;
  }

  private static @Nullable Proxy proxy(Map<String, String> environment, String name) {
    String value = variable(environment, name);
    if (value.isEmpty()) {
      return null;
    }
    try {
      URI uri = URI.create(value.contains("://") ? value : "http://" + value);
      if (uri.getHost() != null && "http".equals(uri.getScheme())) {
        int port = uri.getPort() < 0 ? 80 : uri.getPort();
        return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(uri.getHost(), port));
      }
    } catch (IllegalArgumentException e) {
      LOG.log(Level.FINE, "no URI", e);
    }
    // Its value may hold a password.
    LOG.log(Level.WARNING, "proxy not used variable={0} reason=it is no http:// address", name);
    return null;
  }

  @Override
  public List<Proxy> select(URI uri) {
    Proxy proxy = "https".equals(uri.getScheme()) ? https : http;
    String host = uri.getHost();
    return proxy == null || host == null || Host.isLoopback(host) || isException(host, uri)
        ? DIRECT
        : List.of(proxy);
  }

  private boolean isException(String host, URI uri) {
    String lower = host.toLowerCase(Locale.ROOT);
    for (String exception : exceptions) {
      String suffix = exception.startsWith(".") ? exception : "." + exception;
      if (exception.equals("*")
          || lower.equals(exception)
          || lower.endsWith(suffix)
          || exception.equals(lower + ":" + uri.getPort())) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {
    LOG.log(Level.FINE, "proxy does not answer address=" + address, failure);
  }
}
