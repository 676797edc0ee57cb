package org.felucca.images;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.content.BlobInfo;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentInfo;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Digest;
import org.felucca.api.content.IngestStatus;
import org.felucca.api.content.LabelledIngest;

/** Content of one namespace in memory, which verifies as the real one does. */
final class TestingContent implements ContentService {
  final Map<Digest, byte[]> blobs = new ConcurrentHashMap<>();
  final Map<Digest, Map<String, String>> labels = new ConcurrentHashMap<>();
  final Map<String, ByteArrayOutputStream> ingests = new ConcurrentHashMap<>();
  long capacity = Long.MAX_VALUE;

  @Override
  public ContentInfo info(Scope scope, Digest digest) {
    return new ContentInfo(
        digest, bytes(digest).length, Instant.EPOCH, Instant.EPOCH, labels.get(digest));
  }

  private byte[] bytes(Digest digest) {
    byte[] bytes = blobs.get(digest);
    if (bytes == null) {
      throw EngineException.notFound("no blob " + digest);
    }
    return bytes;
  }

  @Override
  public ContentInfo update(
      Scope scope, Digest digest, Map<String, String> changed, Set<String> paths) {
    bytes(digest);
    Map<String, String> own = labels.get(digest);
    for (String path : paths) {
      String key = path.substring("labels.".length());
      own.put(key, changed.get(key));
    }
    return info(scope, digest);
  }

  @Override
  public List<ContentInfo> list(Scope scope, List<String> filters) {
    return blobs.keySet().stream().map(digest -> info(scope, digest)).toList();
  }

  @Override
  public BlobReader open(Scope scope, Digest digest) {
    byte[] bytes = bytes(digest);
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
  public byte[] read(Scope scope, Digest digest, int limit) {
    byte[] bytes = bytes(digest);
    if (bytes.length > limit) {
      throw new EngineException(ErrorKind.RESOURCE_EXHAUSTED, digest + " is too large");
    }
    return bytes.clone();
  }

  @Override
  public LabelledIngest ingest(Scope scope, String ref, long total, Digest expected) {
    if (expected != null && blobs.containsKey(expected)) {
      throw EngineException.alreadyExists(expected + " is there");
    }
    ByteArrayOutputStream out = ingests.computeIfAbsent(ref, key -> new ByteArrayOutputStream());
    return new TestingIngest(ref, out, total, expected);
  }

  @Override
  public ContentInfo put(Scope scope, byte[] bytes, Map<String, String> own) {
    Digest digest = Digest.sha256(bytes);
    if (blobs.putIfAbsent(digest, bytes.clone()) == null) {
      labels.put(digest, new HashMap<>(own));
    }
    return info(scope, digest);
  }

  @Override
  public List<IngestStatus> ingests(Scope scope, String refPrefix) {
    return ingests.entrySet().stream()
        .map(
            e ->
                new IngestStatus(
                    e.getKey(), e.getValue().size(), 0, null, Instant.EPOCH, Instant.EPOCH))
        .toList();
  }

  @Override
  public void abort(Scope scope, String ref) {
    if (ingests.remove(ref) == null) {
      throw EngineException.notFound("no ingest " + ref);
    }
  }

  @Override
  public void delete(Scope scope, Digest digest) {
    bytes(digest);
    blobs.remove(digest);
    labels.remove(digest);
  }

  private final class TestingIngest implements LabelledIngest {
    private final String ref;
    private final ByteArrayOutputStream out;
    private final long total;
    private final Digest expected;

    TestingIngest(String ref, ByteArrayOutputStream out, long total, Digest expected) {
      this.ref = ref;
      this.out = out;
      this.total = total;
      this.expected = expected;
    }

    @Override
    public IngestStatus status() {
      return new IngestStatus(ref, out.size(), total, expected, Instant.EPOCH, Instant.EPOCH);
    }

    @Override
    public void write(ByteBuffer bytes) {
      long used = blobs.values().stream().mapToLong(b -> b.length).sum() + out.size();
      if (used + bytes.remaining() > capacity) {
        throw new EngineException(ErrorKind.RESOURCE_EXHAUSTED, "no space left on device");
      }
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      out.writeBytes(copy);
    }

    @Override
    public void truncate(long length) {
      byte[] kept = Arrays.copyOf(out.toByteArray(), (int) length);
      out.reset();
      out.writeBytes(kept);
    }

    @Override
    public Digest digest() {
      Digest.Algorithm algorithm =
          expected == null ? Digest.Algorithm.SHA256 : expected.algorithm();
      return Digest.of(algorithm, algorithm.newMessageDigest().digest(out.toByteArray()));
    }

    @Override
    public BlobInfo commit(long size, Digest wanted) {
      ContentInfo info = commit(size, wanted, Map.of());
      return new BlobInfo(info.digest(), info.size(), info.createdAt());
    }

    @Override
    public ContentInfo commit(long size, Digest wanted, Map<String, String> own) {
      Digest must = wanted == null ? expected : wanted;
      Digest actual = digest();
      if (must != null && !must.equals(actual)) {
        throw EngineException.precondition("digest is " + actual + ", not " + must);
      }
      ingests.remove(ref);
      if (blobs.containsKey(actual)) {
        throw EngineException.alreadyExists(actual + " is there");
      }
      blobs.put(actual, out.toByteArray());
      labels.put(actual, new HashMap<>(own));
      return info(Scope.of(org.felucca.api.Namespace.DEFAULT), actual);
    }

    @Override
    public void close() {}
  }
}
