package org.felucca.metadata;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.felucca.api.EngineException;
import org.felucca.api.content.BlobInfo;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.BlobStore;
import org.felucca.api.content.Digest;
import org.felucca.api.content.Ingest;
import org.felucca.api.content.IngestStatus;

/** A blob store in memory. */
final class TestingBlobStore implements BlobStore {

  final Map<Digest, byte[]> blobs = new ConcurrentHashMap<>();
  final Map<String, byte[]> kept = new ConcurrentHashMap<>();
  volatile Consumer<String> onDelete = what -> {};
  private final Set<String> open = ConcurrentHashMap.newKeySet();

  private byte[] require(Digest digest) {
    byte[] bytes = blobs.get(digest);
    if (bytes == null) {
      throw EngineException.notFound("blob " + digest + " is not stored");
    }
    return bytes;
  }

  @Override
  public BlobInfo stat(Digest digest) {
    return new BlobInfo(digest, require(digest).length, Instant.EPOCH);
  }

  @Override
  public BlobReader open(Digest digest) {
    byte[] bytes = require(digest);
    return new BlobReader() {
      @Override
      public long size() {
        return bytes.length;
      }

      @Override
      public int read(ByteBuffer into, long offset) {
        if (offset >= bytes.length) {
          return -1;
        }
        int count = Math.min(into.remaining(), bytes.length - (int) offset);
        into.put(bytes, (int) offset, count);
        return count;
      }

      @Override
      public InputStream stream(long offset) {
        return new ByteArrayInputStream(bytes, (int) offset, bytes.length - (int) offset);
      }

      @Override
      public FileChannel channel() {
        return null;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public Ingest ingest(String ref, long total, Digest expected) {
    if (expected != null && blobs.containsKey(expected)) {
      throw EngineException.alreadyExists("blob " + expected);
    }
    if (!open.add(ref)) {
      throw EngineException.unavailable("ingest " + ref + " is open");
    }
    kept.putIfAbsent(ref, new byte[0]);
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    data.writeBytes(kept.get(ref));
    return new Ingest() {
      @Override
      public IngestStatus status() {
        return new IngestStatus(ref, data.size(), total, expected, Instant.EPOCH, Instant.EPOCH);
      }

      @Override
      public void write(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        data.writeBytes(copy);
        kept.put(ref, data.toByteArray());
      }

      @Override
      public void truncate(long length) {
        byte[] rest = Arrays.copyOf(data.toByteArray(), (int) length);
        data.reset();
        data.writeBytes(rest);
        kept.put(ref, rest);
      }

      @Override
      public Digest digest() {
        return Digest.sha256(data.toByteArray());
      }

      @Override
      public BlobInfo commit(long size, Digest wanted) {
        if ((size != 0 && size != data.size()) || (wanted != null && !wanted.equals(digest()))) {
          throw EngineException.precondition("size or digest differ");
        }
        Digest digest = digest();
        kept.remove(ref);
        if (blobs.putIfAbsent(digest, data.toByteArray()) != null) {
          throw EngineException.alreadyExists("blob " + digest);
        }
        return stat(digest);
      }

      @Override
      public void close() {
        open.remove(ref);
      }
    };
  }

  @Override
  public List<IngestStatus> ingests() {
    return kept.entrySet().stream()
        .map(
            e ->
                new IngestStatus(
                    e.getKey(), e.getValue().length, 0, null, Instant.EPOCH, Instant.EPOCH))
        .toList();
  }

  @Override
  public void abort(String ref) {
    onDelete.accept(ref);
    if (kept.remove(ref) == null) {
      throw EngineException.notFound("ingest " + ref);
    }
  }

  @Override
  public void delete(Digest digest) {
    onDelete.accept(digest.toString());
    require(digest);
    blobs.remove(digest);
  }

  @Override
  public void walk(Consumer<BlobInfo> visitor) {
    blobs.keySet().forEach(digest -> visitor.accept(stat(digest)));
  }
}
