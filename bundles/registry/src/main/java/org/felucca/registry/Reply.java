package org.felucca.registry;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.jspecify.annotations.Nullable;

/** An answer, whose body is still to come. */
final class Reply implements AutoCloseable {
  private static final int MAX_ERROR = 64 << 10;
  private static final int DOCUMENT_SECONDS = 60;

  private final HttpResponse<BodyStream> response;
  private final Host host;

  Reply(HttpResponse<BodyStream> response, Host host) {
    this.response = response;
    this.host = host;
  }

  int status() {
    return response.statusCode();
  }

  boolean isSuccess() {
    return status() / 100 == 2;
  }

  /** The address that answered, behind redirects. */
  URI uri() {
    return response.uri();
  }

  Host host() {
    return host;
  }

  BodyStream body() {
    return response.body();
  }

  @Nullable String header(String name) {
    return response.headers().firstValue(name).orElse(null);
  }

  List<String> headers(String name) {
    return response.headers().allValues(name);
  }

  /** What Content-Length says; empty if it is missing or no number. */
  OptionalLong length() {
    try {
      return response.headers().firstValueAsLong("Content-Length");
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /**
   * A document.
   *
   * @param limit its most bytes
   * @param what what it is for messages
   */
  byte[] document(int limit, String what) throws IOException {
    if (length().orElse(0) > limit) {
      throw tooLong(limit, what);
    }
    byte[] bytes = body().all(limit, BodyStream.deadline(DOCUMENT_SECONDS));
    if (bytes == null) {
      throw tooLong(limit, what);
    }
    return bytes;
  }

  private EngineException tooLong(int limit, String what) {
    return new EngineException(
        ErrorKind.RESOURCE_EXHAUSTED,
        "%s from %s has more than %d bytes, which no sound one has"
            .formatted(what, host.name(), limit));
  }

  /** What the registry says is wrong, in its own words, or nothing. */
  String complaint() {
    try {
      byte[] bytes = body().all(MAX_ERROR, BodyStream.deadline(10));
      if (bytes == null || bytes.length == 0) {
        return "";
      }
      try {
        JsonObject json = Json.object(bytes, "error");
        String words =
            json.objects("errors").stream()
                .map(error -> error.string("message", error.string("code", "")))
                .filter(word -> !word.isEmpty())
                .collect(Collectors.joining("; "));
        return printable(
            words.isEmpty() ? json.string("details", json.string("message", "")) : words);
      } catch (EngineException e) {
        return printable(new String(bytes, StandardCharsets.UTF_8).lines().findFirst().orElse(""));
      }
    } catch (IOException e) {
      return "";
    }
  }

  private static String printable(String words) {
    String plain = words.replaceAll("\\p{Cntrl}", " ").strip();
    return plain.length() > 300 ? plain.substring(0, 300) + "..." : plain;
  }

  @Override
  public void close() {
    body().close();
  }
}
