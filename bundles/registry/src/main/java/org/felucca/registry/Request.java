package org.felucca.registry;

import java.net.URI;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.felucca.api.registry.RegistryAccess;

/**
 * A request to a machine that stands for a registry.
 *
 * @param host the machine
 * @param method the method
 * @param uri the address
 * @param scopes what it needs rights for, as token servers write it, sorted
 * @param headers its headers
 * @param body makes its body anew for each attempt
 * @param repeatable whether it may be sent again when nobody knows what became of it
 * @param access in whose name
 */
record Request(
    Host host,
    String method,
    URI uri,
    String scopes,
    Map<String, String> headers,
    Supplier<BodyPublisher> body,
    boolean repeatable,
    RegistryAccess access) {

  /** A request without a body to something below the API's beginning, which may be repeated. */
  static Request of(Host host, String method, String path, String scopes, RegistryAccess access) {
    return of(host, method, host.uri(path), scopes, access);
  }

  /** The same to an address that the registry has named. */
  static Request of(Host host, String method, URI uri, String scopes, RegistryAccess access) {
    return new Request(host, method, uri, scopes, Map.of(), BodyPublishers::noBody, true, access);
  }

  Request header(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Request(host, method, uri, scopes, more, body, repeatable, access);
  }

  Request body(String mediaType, Supplier<BodyPublisher> content) {
    Request with = header("Content-Type", mediaType);
    return new Request(host, method, uri, scopes, with.headers, content, repeatable, access);
  }

  /** The same, not to be sent again when nobody knows what became of it. */
  Request once() {
    return new Request(host, method, uri, scopes, headers, body, false, access);
  }

  @Override
  public String toString() {
    return method + " " + uri.getScheme() + "://" + uri.getRawAuthority() + uri.getRawPath();
  }
}
