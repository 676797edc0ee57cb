package org.felucca.registry;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A machine that stands for a registry.
 *
 * @param registry the registry, as image names have it
 * @param base where its API begins, without a slash at its end: {@code https://mirror:5000/v2}
 * @param capabilities what it is asked for
 * @param tls what connections to it trust and show
 * @param headers what requests to it carry besides
 * @param mirror whether it stands for a registry of another name, which it must be told
 */
record Host(
    String registry,
    URI base,
    Set<Capability> capabilities,
    TlsSettings tls,
    Map<String, List<String>> headers,
    boolean mirror) {
  /** What a machine can be asked for. */
  enum Capability {
    PULL,
    RESOLVE,
    PUSH
  }

  /** The address of something below the API's beginning. */
  URI uri(String path) {
    String text = base + "/" + path;
    if (mirror) {
      text +=
          (path.indexOf('?') < 0 ? "?" : "&")
              + "ns="
              + URLEncoder.encode(registry, StandardCharsets.UTF_8);
    }
    return URI.create(text);
  }

  /** Host and port, for messages. */
  String name() {
    return base.getRawAuthority();
  }

  /**
   * What its credentials are kept under. A mirror has its own: it is never shown those of the
   * registry that it stands for.
   */
  String account() {
    return mirror ? name() : registry;
  }

  boolean isLoopback() {
    return isLoopback(base.getHost());
  }

  /** Scheme, host and port: what credentials are bound to. */
  static String origin(URI uri) {
    int port = uri.getPort();
    if (port < 0) {
      port = "https".equals(uri.getScheme()) ? 443 : 80;
    }
    return uri.getScheme() + "://" + uri.getHost().toLowerCase(Locale.ROOT) + ":" + port;
  }

  /** Whether a host name or literal address means this machine. */
  static boolean isLoopback(String host) {
    String plain = host.toLowerCase(Locale.ROOT);
    return plain.equals("localhost")
        || plain.endsWith(".localhost")
        || plain.matches("127(\\.[0-9]{1,3}){3}")
        || plain.equals("[::1]")
        || plain.equals("::1");
  }
}
