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
import org.felucca.api.ErrorKind;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.jspecify.annotations.Nullable;

/** Lists that come in pages, each of which says where the next one is. */
final class Listings {
  private static final int MAX_PAGE = 8 << 20;
  private static final int MAX_PAGES = 10_000;
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;.*\\brel=\"?next\"?");

  /** The most bytes of all pages together. */
  static final long MOST = 64 << 20;

  /** A page, and where the next one is. */
  private record Page(JsonObject content, long size, @Nullable URI next) {}

  private final Wire wire;
  private final long most;

  /**
   * @param most the most bytes of all pages of a list together
   */
  Listings(Wire wire, long most) {
    this.wire = wire;
    this.most = most;
  }

  /**
   * Reads every page.
   *
   * @param what what is listed, such as {@code "list the tags of ..."}
   * @throws EngineException RESOURCE_EXHAUSTED if all of them together are too long
   */
  void read(
      Host host,
      String path,
      String scopes,
      RegistryAccess access,
      String what,
      Consumer<JsonObject> page) {
    Set<URI> seen = new HashSet<>();
    long size = 0;
    for (URI next = host.uri(path); next != null; ) {
      if (!seen.add(next) || seen.size() > MAX_PAGES) {
        throw EngineException.invalid(
            "%s: the pages of registry %s go in circles".formatted(what, host.name()));
      }
      Page one = read(host, next, scopes, access, what);
      size += one.size();
      if (size > most) {
        throw new EngineException(
            ErrorKind.RESOURCE_EXHAUSTED,
            "%s: the pages of registry %s have more than %d bytes in all, which no sound list has"
                .formatted(what, host.name(), most));
      }
      page.accept(one.content());
      next = one.next();
    }
  }

  private Page read(Host host, URI uri, String scopes, RegistryAccess access, String what) {
    try (Reply reply =
        wire.send(
            Request.of(host, "GET", uri, scopes, access)
                .header("Accept", "application/json, application/vnd.oci.image.index.v1+json"))) {
      if (reply.status() != 200) {
        throw Wire.failure(reply, what);
      }
      byte[] bytes = reply.document(MAX_PAGE, "a list");
      JsonObject content = Json.object(bytes, what);
      for (String link : reply.headers("Link")) {
        Matcher next = NEXT.matcher(link);
        if (next.find()) {
          return new Page(content, bytes.length, Wire.next(host, reply.uri(), next.group(1)));
        }
      }
      return new Page(content, bytes.length, null);
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
