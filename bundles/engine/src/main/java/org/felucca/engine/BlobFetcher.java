package org.felucca.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.content.LabelledIngest;
import org.felucca.api.image.ImageReference;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.api.registry.RegistryClient;
import org.felucca.oci.MediaTypes;
import org.jspecify.annotations.Nullable;

/**
 * Brings blobs from registries into the content store, each once, however many want it. What breaks
 * off stays as an ingest, under containerd's reference for it, and is gone on with the next time.
 */
final class BlobFetcher {
  private static final Logger LOG = Logger.getLogger(BlobFetcher.class.getName());
  private static final int BUFFER = 256 << 10;

  /** Which registry and repositories a blob was seen in, as containerd notes it. */
  static final String SOURCE = "containerd.io/distribution.source.";

  /** The most bytes of a label and its value together. */
  private static final int LONGEST_LABEL = 4096;

  /** So many blobs come at once, of all pulls together. */
  private static final int MOST = 16;

  private record Wanted(Namespace namespace, Digest digest) {
    @Override
    public String toString() {
      return "blob " + digest;
    }
  }

  private final ContentService content;
  private final RegistryClient registry;
  private final KeyedLocks<Wanted> locks = new KeyedLocks<>();
  private final Semaphore turns = new Semaphore(MOST, true);

  BlobFetcher(ContentService content, RegistryClient registry) {
    this.content = content;
    this.registry = registry;
  }

  /** The length of a blob if it is stored, else -1. */
  long stored(Scope scope, Digest digest) {
    try {
      return content.info(scope, digest).size();
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return -1;
      }
      throw e;
    }
  }

  /**
   * Sees to it that a blob is stored.
   *
   * @param growing told of the bytes as they come
   * @return whether it came now
   */
  boolean fetch(
      Scope scope,
      ImageReference from,
      Descriptor blob,
      RegistryAccess access,
      GrowingBlob growing,
      Progress progress) {
    String item = blob.digest().toString();
    try (KeyedLocks.Held _ = locks.lock(new Wanted(scope.namespace(), blob.digest()))) {
      LabelledIngest ingest = open(scope, blob);
      if (ingest == null) {
        long size = content.info(scope, blob.digest()).size();
        if (size != blob.size()) {
          throw EngineException.invalid(
              "blob %s has %d bytes where the manifest says %d"
                  .formatted(blob.digest(), size, blob.size()));
        }
        note(scope, from, blob);
        progress.report(item, "exists", size, size);
        growing.stored();
        return false;
      }
      try (ingest) {
        fill(ingest, from, blob, access, growing, progress);
        commit(ingest, from, blob);
      } catch (EngineException e) {
        if (e.kind() == ErrorKind.DATA_LOSS) {
          abort(scope, blob); // what is wrong is not gone on with
        }
        throw e;
      }
      progress.report(item, "downloaded", blob.size(), blob.size());
      growing.stored();
      return true;
    } catch (RuntimeException e) {
      growing.failed(e);
      throw e;
    }
  }

  /** The ingest of a blob, or null if the blob is here. */
  private @Nullable LabelledIngest open(Scope scope, Descriptor blob) {
    while (true) {
      try {
        return content.ingest(scope, ref(blob), blob.size(), blob.digest());
      } catch (EngineException e) {
        if (e.kind() == ErrorKind.ALREADY_EXISTS) {
          return null;
        }
        if (e.kind() != ErrorKind.UNAVAILABLE || !isOpen(scope, blob)) {
          throw e;
        }
      }
      // A client of the containerd API writes it: then it comes anyway.
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw EngineException.cancelled("wait for blob " + blob.digest());
      }
    }
  }

  private boolean isOpen(Scope scope, Descriptor blob) {
    return !content.ingests(scope, ref(blob)).isEmpty();
  }

  /** What containerd calls the ingest of a blob, so that its clients see how far it is. */
  private static String ref(Descriptor blob) {
    String type = blob.mediaType();
    String kind =
        MediaTypes.isManifest(type)
            ? "manifest-"
            : MediaTypes.isIndex(type)
                ? "index-"
                : MediaTypes.isLayer(type)
                    ? "layer-"
                    : MediaTypes.isImageConfig(type) ? "config-" : "unknown-";
    return kind + blob.digest();
  }

  private void fill(
      LabelledIngest ingest,
      ImageReference from,
      Descriptor blob,
      RegistryAccess access,
      GrowingBlob growing,
      Progress progress) {
    String item = blob.digest().toString();
    long done = ingest.status().offset();
    if (done > blob.size()) {
      ingest.truncate(0);
      done = 0;
    }
    if (done == blob.size()) {
      return;
    }
    growing.arrived(ingest, done);
    acquire(blob);
    try (InputStream bytes = registry.blob(from, blob, done, access)) {
      byte[] buffer = new byte[BUFFER];
      while (done < blob.size()) {
        int count = read(bytes, buffer, (int) Math.min(buffer.length, blob.size() - done));
        if (count < 0) {
          break;
        }
        ingest.write(ByteBuffer.wrap(buffer, 0, count));
        done += count;
        growing.arrived(ingest, done);
        progress.report(item, "downloading", done, blob.size());
      }
      if (bytes.read() >= 0) { // asks it whether that is all
        throw tooLong(blob);
      }
    } catch (IOException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw EngineException.cancelled("fetch blob " + blob.digest() + ": interrupted");
      }
      throw new EngineException(
          ErrorKind.UNAVAILABLE, "fetch blob " + blob.digest() + ": " + e.getMessage(), e);
    } finally {
      turns.release();
    }
  }

  /** Reads what is there, so that it is kept before a slow registry sends more. */
  private static int read(InputStream bytes, byte[] buffer, int most) throws IOException {
    int count = bytes.read(buffer, 0, most);
    while (count > 0 && count < most && bytes.available() > 0) {
      int more = bytes.read(buffer, count, most - count);
      if (more < 0) {
        break;
      }
      count += more;
    }
    return count;
  }

  private static EngineException tooLong(Descriptor blob) {
    return new EngineException(
        ErrorKind.DATA_LOSS,
        "blob %s has more than the %d bytes that the manifest says"
            .formatted(blob.digest(), blob.size()));
  }

  private void acquire(Descriptor blob) {
    try {
      turns.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait for blob " + blob.digest());
    }
  }

  private static void commit(LabelledIngest ingest, ImageReference from, Descriptor blob) {
    try {
      ingest.commit(
          blob.size(), blob.digest(), Map.of(SOURCE + from.registry(), from.repository()));
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.FAILED_PRECONDITION) {
        throw new EngineException(
            ErrorKind.DATA_LOSS,
            "blob %s from %s is not what its digest says; something between here and there changes it, or the registry is damaged: try again, or another mirror"
                .formatted(blob.digest(), from.registry()),
            e);
      }
      if (e.kind() != ErrorKind.ALREADY_EXISTS) {
        throw e;
      }
      LOG.log(Level.FINE, "blob came another way digest={0}", blob.digest());
    }
  }

  /** Notes of a blob that is here where else it is. */
  private void note(Scope scope, ImageReference from, Descriptor blob) {
    String label = SOURCE + from.registry();
    String known = known(scope, blob, label);
    String all = with(label, known, from.repository());
    if (!all.equals(known)) {
      content.update(scope, blob.digest(), Map.of(label, all), Set.of("labels." + label));
    }
  }

  private String known(Scope scope, Descriptor blob, String label) {
    return content.info(scope, blob.digest()).labels().getOrDefault(label, "");
  }

  /**
   * What such a label says with one more repository. It is a hint for pushes and no more: one that
   * would be too long stays as it is.
   */
  static String with(String label, String known, String repository) {
    if (List.of(known.split(",")).contains(repository)) {
      return known;
    }
    String all = known.isEmpty() ? repository : known + "," + repository;
    int length = label.getBytes(UTF_8).length + all.getBytes(UTF_8).length;
    return length > LONGEST_LABEL ? known : all;
  }

  private void abort(Scope scope, Descriptor blob) {
    boolean interrupted = Thread.interrupted();
    try {
      content.abort(scope, ref(blob));
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        LOG.log(Level.WARNING, "damaged ingest not removed ref=" + ref(blob), e);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Stores a document that is in memory already; its labels are put on it in any case. */
  void keep(
      Scope scope,
      ImageReference from,
      Descriptor document,
      byte[] bytes,
      Map<String, String> labels) {
    String label = SOURCE + from.registry();
    Map<String, String> all = new TreeMap<>(labels);
    all.put(label, from.repository());
    try (KeyedLocks.Held _ = locks.lock(new Wanted(scope.namespace(), document.digest()))) {
      LabelledIngest ingest = open(scope, document);
      if (ingest != null) {
        try (ingest) {
          if (ingest.status().offset() != bytes.length) {
            ingest.truncate(0);
            ingest.write(ByteBuffer.wrap(bytes));
          }
          ingest.commit(document.size(), document.digest(), all);
          return;
        } catch (EngineException e) {
          if (e.kind() != ErrorKind.ALREADY_EXISTS) {
            throw e;
          }
        }
      }
      all.put(label, with(label, known(scope, document, label), from.repository()));
      Set<String> paths = new TreeSet<>();
      all.keySet().forEach(key -> paths.add("labels." + key));
      content.update(scope, document.digest(), all, paths);
    }
  }
}
