package org.felucca.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.jspecify.annotations.Nullable;

/** Lists that come in pages, each of which says where the next one is. */
final class Listings {
  private static final int MAX_PAGE = 8 << 20;
  private static final int MAX_PAGES = 10_000;
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;.*\\brel=\"?next\"?");

  private final Wire wire;

  Listings(Wire wire) {
    this.wire = wire;
  }

  /**
   * Reads every page.
   *
   * @param what what is listed, such as {@code "list the tags of ..."}
   */
  void read(
      Host host,
      String path,
      String scopes,
      RegistryAccess access,
      String what,
      Consumer<JsonObject> page) {
    URI uri = host.uri(path);
    Set<URI> seen = new HashSet<>();
    for (URI next = uri; next != null; next = read(host, next, scopes, access, what, page)) {
      if (!seen.add(next) || seen.size() > MAX_PAGES) {
        throw EngineException.invalid(
            "%s: the pages of registry %s go in circles".formatted(what, host.name()));
      }
    }
  }

  private @Nullable URI read(
      Host host,
      URI uri,
      String scopes,
      RegistryAccess access,
      String what,
      Consumer<JsonObject> page) {
    try (Reply reply =
        wire.send(
            Request.of(host, "GET", uri, scopes, access)
                .header("Accept", "application/json, application/vnd.oci.image.index.v1+json"))) {
      if (reply.status() != 200) {
        throw Wire.failure(reply, what);
      }
      page.accept(Json.object(reply.document(MAX_PAGE, "a list"), what));
      for (String link : reply.headers("Link")) {
        Matcher next = NEXT.matcher(link);
        if (next.find()) {
          return Wire.next(host, reply.uri(), next.group(1));
        }
      }
      return null;
    } catch (InterruptedIOException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled(what + ": interrupted");
    } catch (IOException e) {
      throw Wire.failure(host, uri, e).during(what);
    }
  }

  /** The strings of a member of a page; none if it is null, as some registries write it. */
  static List<String> strings(JsonObject page, String name) {
    return page.has(name) ? page.strings(name) : List.of();
  }
}
