package org.felucca.registry;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.Descriptor;
import org.felucca.api.registry.RegistryAccess;
import org.jspecify.annotations.Nullable;

/**
 * A part of a blob, or the whole. What breaks off is asked for again from there, of the next
 * machine if one does no better.
 */
final class BlobStream extends InputStream {
  private static final Logger LOG = Logger.getLogger(BlobStream.class.getName());
  private static final Pattern RANGE =
      Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\\*)");

  /** So many bytes since the last break show that the registry is of use. */
  private static final long PROGRESS = 256 << 10;

  private final Wire wire;
  private final List<Host> hosts;
  private final String path;
  private final String scopes;
  private final Descriptor blob;
  private final RegistryAccess access;
  private final String what;

  private long at;
  private long end;
  private int host;
  private int breaks;
  private long brokenAt;
  private boolean partial;
  private boolean ended;
  private @Nullable Reply reply;

  /**
   * @param hosts who may have it, in the order in which they are asked
   * @param repository the repository's path
   * @param from where the part begins
   * @param end where it ends
   */
  BlobStream(
      Wire wire,
      List<Host> hosts,
      String repository,
      Descriptor blob,
      long from,
      long end,
      RegistryAccess access) {
    this.wire = wire;
    this.hosts = hosts;
    this.path = repository + "/blobs/" + blob.digest();
    this.scopes = "repository:" + repository + ":pull";
    this.blob = blob;
    this.access = access;
    this.at = from;
    this.end = end;
    this.brokenAt = from;
    this.what = "fetch blob " + blob.digest();
  }

  /**
   * Asks for it.
   *
   * @return whether the registry sends just what was asked for
   * @throws EngineException if nobody has it
   */
  boolean open() {
    while (reply == null) {
      try {
        reply = ask();
      } catch (EngineException e) {
        // Another machine may do better, but not at what the caller has asked for.
        if (e.kind() == ErrorKind.CANCELLED || host + 1 >= hosts.size()) {
          throw e;
        }
        LOG.log(Level.FINE, "mirror does not do host=" + hosts.get(host).name(), e);
        host++;
        breaks = 0;
      }
    }
    return partial;
  }

  /** Moves the end; only before anything was read of what follows. */
  void extend(long to) {
    end = to;
  }

  private Reply ask() {
    Request request = Request.of(hosts.get(host), "GET", path, scopes, access);
    boolean whole = at == 0 && end == blob.size();
    if (!whole) {
      request = request.header("Range", "bytes=%d-%d".formatted(at, end - 1));
    }
    Reply answer = wire.send(request);
    boolean well = false;
    try {
      partial = answer.status() == 206;
      if (partial) {
        checkRange(answer);
      } else if (answer.status() == 200) {
        checkLength(answer);
        skip(answer);
      } else {
        throw Wire.failure(answer, what);
      }
      well = true;
      return answer;
    } finally {
      if (!well) {
        answer.close();
      }
    }
  }

  private void checkRange(Reply answer) {
    Matcher range = RANGE.matcher(String.valueOf(answer.header("Content-Range")));
    boolean fits =
        range.matches()
            && Long.parseLong(range.group(1)) == at
            && Long.parseLong(range.group(2)) >= at
            && (range.group(3).equals("*") || Long.parseLong(range.group(3)) == blob.size());
    if (!fits) {
      throw new EngineException(
          ErrorKind.DATA_LOSS,
          "%s: registry %s sends the range %s where bytes %d to %d of %d were asked for"
              .formatted(
                  what,
                  answer.host().name(),
                  answer.header("Content-Range"),
                  at,
                  end - 1,
                  blob.size()));
    }
  }

  private void checkLength(Reply answer) {
    long said = answer.length().orElse(blob.size());
    if (said != blob.size()) {
      throw new EngineException(
          ErrorKind.DATA_LOSS,
          "%s: registry %s sends %d bytes, its manifest says %d"
              .formatted(what, answer.host().name(), said, blob.size()));
    }
  }

  /** Reads over what was not asked for, of a registry that knows no ranges. */
  private void skip(Reply answer) {
    byte[] buffer = new byte[64 << 10];
    long left = at;
    try {
      while (left > 0) {
        int count = answer.body().read(buffer, 0, (int) Math.min(buffer.length, left));
        if (count < 0) {
          throw new IOException("it ended early");
        }
        left -= count;
      }
    } catch (InterruptedIOException e) {
      throw cancelled();
    } catch (IOException e) {
      throw Wire.failure(answer.host(), answer.uri(), e).during(what);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) {
    if (length == 0) {
      return 0;
    }
    while (at < end) {
      open();
      Reply source = reply;
      if (source == null) {
        continue;
      }
      try {
        int count = source.body().read(into, offset, (int) Math.min(length, end - at));
        if (count > 0) {
          at += count;
          return count;
        }
        if (partial && at < end) {
          // Some registries send less than was asked for; the rest is asked for anew.
          breakOff(new IOException("it ended %d bytes early".formatted(end - at)));
        } else {
          breakOff(new IOException("it ended %d bytes early".formatted(blob.size() - at)));
        }
      } catch (InterruptedIOException e) {
        close();
        throw cancelled();
      } catch (IOException e) {
        breakOff(e);
      }
    }
    if (!ended) {
      ended = true;
      checkEnd();
    }
    return -1;
  }

  @Override
  public int available() {
    Reply source = reply;
    return source == null || at >= end ? 0 : source.body().available();
  }

  /** A body without a length may have no end at all. */
  private void checkEnd() {
    Reply source = reply;
    if (source == null) {
      return;
    }
    try {
      if (end == blob.size()
          && source.length().isEmpty()
          && source.body().read(new byte[1], 0, 1) > 0) {
        throw new EngineException(
            ErrorKind.DATA_LOSS,
            "%s: registry %s sends more than the %d bytes that its manifest says"
                .formatted(what, source.host().name(), blob.size()));
      }
    } catch (InterruptedIOException e) {
      throw cancelled();
    } catch (IOException e) {
      LOG.log(Level.FINE, "broken off behind the end", e);
    } finally {
      close();
    }
  }

  private void breakOff(IOException cause) {
    close();
    if (at - brokenAt >= PROGRESS) {
      breaks = 0;
    }
    brokenAt = at;
    Host current = hosts.get(host);
    if (++breaks >= wire.pauses().attempts()) {
      if (host + 1 >= hosts.size()) {
        throw Wire.failure(current, current.base(), cause).during(what);
      }
      host++;
      breaks = 0;
      return;
    }
    LOG.log(Level.FINE, "blob broke off at " + at + ", resumed digest=" + blob.digest(), cause);
    Pauses.sleep(wire.pauses().after(breaks - 1), what);
  }

  private EngineException cancelled() {
    Thread.currentThread().interrupt();
    return EngineException.cancelled(what + ": interrupted");
  }

  @Override
  public void close() {
    Reply source = reply;
    reply = null;
    if (source != null) {
      source.close();
    }
  }
}
