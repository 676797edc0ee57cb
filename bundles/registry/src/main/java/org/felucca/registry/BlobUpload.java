package org.felucca.registry;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.Descriptor;
import org.felucca.api.image.ImageReference;
import org.felucca.api.registry.RegistryAccess;
import org.jspecify.annotations.Nullable;

/** Brings one blob into one repository: found, mounted, or sent. */
final class BlobUpload {
  private static final Logger LOG = Logger.getLogger(BlobUpload.class.getName());
  private static final Pattern RANGE = Pattern.compile("(?:bytes=)?0-([0-9]{1,18})");

  /** Up to this length a blob goes in one request. */
  private static final int MONOLITH = 4 << 20;

  /** The length of pieces for a registry that takes no longer ones. */
  private static final int PIECE = 4 << 20;

  private static final int BUFFER = 256 << 10;

  private final Wire wire;
  private final Host host;
  private final ImageReference repository;
  private final Descriptor blob;
  private final BlobReader bytes;
  private final RegistryAccess access;
  private final Progress progress;
  private final String item;
  private final String what;
  private final String scopes;
  private long longest = Long.MAX_VALUE;

  BlobUpload(
      Wire wire,
      Host host,
      ImageReference repository,
      Descriptor blob,
      BlobReader bytes,
      RegistryAccess access,
      Progress progress) {
    this.wire = wire;
    this.host = host;
    this.repository = repository;
    this.blob = blob;
    this.bytes = bytes;
    this.access = access;
    this.progress = progress;
    this.item = blob.digest().toString();
    this.what = "push blob " + blob.digest();
    this.scopes = scopes(repository);
  }

  /** The right to push to a repository. */
  static String scopes(ImageReference repository) {
    return "repository:" + repository.repository() + ":pull,push";
  }

  void run(List<ImageReference> sources) {
    if (isThere()) {
      progress.report(item, "exists", blob.size(), blob.size());
      return;
    }
    URI session = null;
    for (ImageReference source : sources) {
      if (!source.repository().equals(repository.repository())) {
        session = begin(source);
        if (session == null) {
          progress.report(item, "mounted", blob.size(), blob.size());
          return;
        }
        break; // one attempt opens a session already, and a second one would leave it behind
      }
    }
    if (session == null) {
      session = begin(null);
    }
    if (session != null) {
      send(session);
    }
    progress.report(item, "pushed", blob.size(), blob.size());
  }

  private boolean isThere() {
    String path = repository.repository() + "/blobs/" + blob.digest();
    try (Reply reply = wire.send(Request.of(host, "HEAD", path, scopes, access))) {
      if (reply.status() == 404) {
        return false;
      }
      if (!reply.isSuccess()) {
        throw Wire.failure(reply, what);
      }
      return reply.length().orElse(blob.size()) == blob.size();
    }
  }

  /**
   * Begins a session, or mounts the blob from another repository.
   *
   * @return the session, or null if the blob is there now
   */
  private @Nullable URI begin(@Nullable ImageReference source) {
    String path = repository.repository() + "/blobs/uploads/";
    String rights = scopes;
    if (source != null) {
      path +=
          "?mount=%s&from=%s"
              .formatted(
                  URLEncoder.encode(item, StandardCharsets.UTF_8),
                  URLEncoder.encode(source.repository(), StandardCharsets.UTF_8));
      rights += " repository:" + source.repository() + ":pull";
    }
    Request request =
        Request.of(host, "POST", path, rights, access)
            .body("application/octet-stream", BodyPublishers::noBody);
    Reply answer;
    try {
      answer = wire.send(request);
    } catch (EngineException e) {
      if (source != null && e.kind() == ErrorKind.PERMISSION_DENIED) {
        return begin(null); // nobody may read the other repository here
      }
      throw e;
    }
    try (Reply reply = answer) {
      if (reply.status() == 201 && source != null) {
        return null;
      }
      if (reply.status() == 202) {
        return location(reply);
      }
      if (source != null && (reply.status() == 403 || reply.status() == 404)) {
        return begin(null);
      }
      throw Wire.failure(reply, what);
    }
  }

  private URI location(Reply reply) {
    String location = reply.header("Location");
    if (location == null) {
      throw EngineException.invalid(
          "%s: registry %s opens a session without saying where".formatted(what, host.name()));
    }
    return Wire.next(host, reply.uri(), location);
  }

  private static URI with(URI session, String query) {
    String text = session.toString();
    return URI.create(text + (text.indexOf('?') < 0 ? "?" : "&") + query);
  }

  private void send(URI session) {
    URI at = session;
    long offset = 0;
    int breaks = 0;
    if (blob.size() > MONOLITH) {
      while (offset < blob.size()) {
        long length = Math.min(longest, blob.size() - offset);
        long before = offset;
        Piece piece;
        try {
          piece = patch(at, offset, length);
        } catch (EngineException e) {
          if (e.kind() != ErrorKind.UNAVAILABLE || ++breaks >= wire.pauses().attempts()) {
            throw e.during(what);
          }
          LOG.log(Level.FINE, "push broke off, resumed digest=" + blob.digest(), e);
          Pauses.sleep(wire.pauses().after(breaks - 1), what);
          piece = state(at);
          if (piece == null) {
            throw EngineException.unavailable(
                "%s: registry %s has lost the session after %d bytes; push again"
                    .formatted(what, host.name(), before));
          }
        }
        at = piece.session();
        offset = piece.offset();
        if (offset > before) {
          breaks = 0;
        }
      }
    }
    finish(at, offset);
  }

  /** Where a session stands. */
  private record Piece(URI session, long offset) {}

  private Piece patch(URI session, long offset, long length) {
    Request request =
        Request.of(host, "PATCH", session, scopes, access)
            .once()
            .body("application/octet-stream", () -> publisher(offset, length));
    if (offset > 0 || length < blob.size()) {
      request = request.header("Content-Range", "%d-%d".formatted(offset, offset + length - 1));
    }
    try (Reply reply = wire.send(request)) {
      if (reply.status() == 413 && length > PIECE) {
        longest = PIECE;
        return new Piece(session, offset);
      }
      if (reply.status() == 416) {
        Piece known = state(session);
        if (known != null && known.offset() != offset) {
          return known;
        }
      }
      if (reply.status() != 202 && reply.status() != 201 && reply.status() != 204) {
        throw Wire.failure(reply, what);
      }
      URI next = reply.header("Location") == null ? session : location(reply);
      return new Piece(next, offset + length);
    }
  }

  /** How much of a session has arrived, or null if it is gone. */
  private @Nullable Piece state(URI session) {
    try (Reply reply = wire.send(Request.of(host, "GET", session, scopes, access))) {
      if (reply.status() != 204 && reply.status() != 202 && reply.status() != 200) {
        return null;
      }
      Matcher range = RANGE.matcher(String.valueOf(reply.header("Range")));
      // docker-registry says 0-0 both for nothing and for one byte; the byte is sent again.
      long last = range.matches() ? Long.parseLong(range.group(1)) : 0;
      long offset = last == 0 ? 0 : Math.min(last + 1, blob.size());
      return new Piece(reply.header("Location") == null ? session : location(reply), offset);
    }
  }

  /** Closes a session with what is not sent yet. */
  private void finish(URI session, long offset) {
    long length = blob.size() - offset;
    URI last = with(session, "digest=" + URLEncoder.encode(item, StandardCharsets.UTF_8));
    Request request =
        Request.of(host, "PUT", last, scopes, access)
            .body("application/octet-stream", () -> publisher(offset, length));
    try (Reply reply = wire.send(request)) {
      if (!reply.isSuccess()) {
        throw Wire.failure(reply, what);
      }
    } catch (EngineException e) {
      // It may have been taken all the same, its answer lost.
      if (e.kind() != ErrorKind.CANCELLED && offset == blob.size() && isThereQuietly()) {
        return;
      }
      throw e;
    }
  }

  private boolean isThereQuietly() {
    try {
      return isThere();
    } catch (EngineException e) {
      return false;
    }
  }

  private BodyPublisher publisher(long offset, long length) {
    if (length == 0) {
      return BodyPublishers.noBody();
    }
    return BodyPublishers.fromPublisher(
        BodyPublishers.ofInputStream(() -> new Source(offset, offset + length)), length);
  }

  /** The blob's bytes, told of as they are taken. */
  private final class Source extends InputStream {
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);
    private final long end;
    private long at;

    Source(long from, long end) {
      this.at = from;
      this.end = end;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (!buffer.hasRemaining()) {
        if (at >= end) {
          return -1;
        }
        buffer.clear().limit((int) Math.min(BUFFER, end - at));
        try {
          if (bytes.read(buffer, at) <= 0) {
            throw new IOException("the blob ends early");
          }
        } catch (EngineException e) {
          throw new IOException(e.getMessage(), e);
        }
        buffer.flip();
        at += buffer.remaining();
        progress.report(item, "pushing", at, blob.size());
      }
      int count = Math.min(length, buffer.remaining());
      buffer.get(into, offset, count);
      return count;
    }
  }
}
