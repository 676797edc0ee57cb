package org.felucca.metadata;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.content.BlobInfo;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentInfo;
import org.felucca.api.content.Digest;
import org.felucca.api.content.Ingest;
import org.felucca.api.content.IngestStatus;
import org.felucca.api.content.LabelledIngest;
import org.jspecify.annotations.Nullable;

/**
 * An ingest of a namespace. Where another namespace has the blob already there are no files, until
 * the owner writes or cuts all the same: then the bytes are copied first.
 */
final class NamespacedIngest implements LabelledIngest {

  private final ContentRecords records;
  private final Scope scope;
  private final String ref;
  private final String backing;
  private final @Nullable BlobInfo elsewhere;
  private volatile @Nullable Ingest files;
  private boolean closed;

  /** One with files of its own. */
  NamespacedIngest(ContentRecords records, Scope scope, String ref, String backing, Ingest files) {
    this.records = records;
    this.scope = scope;
    this.ref = ref;
    this.backing = backing;
    this.elsewhere = null;
    this.files = files;
  }

  /** One whose blob another namespace has. */
  NamespacedIngest(
      ContentRecords records, Scope scope, String ref, String backing, BlobInfo elsewhere) {
    this.records = records;
    this.scope = scope;
    this.ref = ref;
    this.backing = backing;
    this.elsewhere = elsewhere;
  }

  static IngestStatus renamed(IngestStatus status, String ref) {
    return new IngestStatus(
        ref,
        status.offset(),
        status.total(),
        status.expected(),
        status.startedAt(),
        status.updatedAt());
  }

  static IngestStatus whole(BlobInfo blob, String ref) {
    Instant at = blob.createdAt();
    return new IngestStatus(ref, blob.size(), blob.size(), blob.digest(), at, at);
  }

  @Override
  public IngestStatus status() {
    Ingest own = files;
    return own == null ? whole(blobElsewhere(), ref) : renamed(own.status(), ref);
  }

  private BlobInfo blobElsewhere() {
    BlobInfo blob = elsewhere;
    if (blob == null || closed) {
      throw EngineException.precondition(
          "ingest " + Identifiers.quote(ref) + " was closed already");
    }
    return blob;
  }

  @Override
  public void write(ByteBuffer bytes) {
    if (bytes.hasRemaining()) {
      Ingest own = files;
      (own == null ? copied(blobElsewhere(), blobElsewhere().size()) : own).write(bytes);
    }
  }

  @Override
  public int read(ByteBuffer into, long offset) {
    Ingest own = files;
    return own == null ? LabelledIngest.super.read(into, offset) : own.read(into, offset);
  }

  @Override
  public void truncate(long length) {
    Ingest own = files;
    if (own != null) {
      own.truncate(length);
      return;
    }
    BlobInfo blob = blobElsewhere();
    if (length < 0 || length > blob.size()) {
      throw new EngineException(
          ErrorKind.OUT_OF_RANGE,
          "truncating ingest %s to %d bytes: it holds %d"
              .formatted(Identifiers.quote(ref), length, blob.size()));
    }
    if (length < blob.size()) {
      copied(blob, length);
    }
  }

  private Ingest copied(BlobInfo blob, long length) {
    Ingest own = records.blobs().store().ingest(backing, 0, null);
    try (BlobReader reader = records.blobs().store().open(blob.digest())) {
      own.truncate(0);
      ByteBuffer piece = ByteBuffer.allocate(256 * 1024);
      for (long at = 0; at < length; ) {
        piece.clear().limit((int) Math.min(piece.capacity(), length - at));
        at += Math.max(0, reader.read(piece, at));
        own.write(piece.flip());
      }
    } catch (EngineException e) {
      own.close();
      throw e;
    }
    files = own;
    return own;
  }

  @Override
  public Digest digest() {
    Ingest own = files;
    return own == null ? blobElsewhere().digest() : own.digest();
  }

  @Override
  public BlobInfo commit(long size, @Nullable Digest expected) {
    ContentInfo info = commit(size, expected, Map.of());
    return new BlobInfo(info.digest(), info.size(), info.createdAt());
  }

  @Override
  public ContentInfo commit(long size, @Nullable Digest expected, Map<String, String> labels) {
    Map<String, String> kept = Labels.checked(labels);
    Ingest own = files;
    if (own == null) {
      return commitElsewhere(blobElsewhere(), size, expected, kept);
    }
    Digest wanted = expected;
    if (wanted == null) {
      wanted = own.status().expected();
    }
    Digest actual = wanted == null ? own.digest() : wanted;
    try (KeyedLocks.Held _ = records.blobs().lock(actual)) {
      BlobInfo blob;
      try {
        blob = own.commit(size, actual);
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.ALREADY_EXISTS) {
          throw e;
        }
        blob = records.blobs().store().stat(actual);
      }
      try {
        return records.recordBlob(scope, ref, blob, kept);
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.ALREADY_EXISTS) {
          records.blobs().release(actual);
        }
        throw e;
      }
    }
  }

  private ContentInfo commitElsewhere(
      BlobInfo blob, long size, @Nullable Digest expected, Map<String, String> labels) {
    if (size != 0 && size != blob.size()) {
      throw EngineException.precondition(
          "committing ingest %s failed: it holds %d bytes, not %d"
              .formatted(Identifiers.quote(ref), blob.size(), size));
    }
    if (expected != null && !expected.equals(blob.digest())) {
      throw EngineException.precondition(
          "committing ingest %s failed: its digest is %s, not %s"
              .formatted(Identifiers.quote(ref), blob.digest(), expected));
    }
    try (KeyedLocks.Held _ = records.blobs().lock(blob.digest())) {
      BlobInfo still = records.blobs().store().stat(blob.digest());
      ContentInfo info = records.recordBlob(scope, ref, still, labels);
      // Files of an earlier ingest of this reference are of no use any more.
      records.blobs().abort(backing);
      return info;
    } finally {
      closed = true;
    }
  }

  @Override
  public void close() {
    closed = true;
    Ingest own = files;
    if (own != null) {
      own.close();
    }
  }
}
