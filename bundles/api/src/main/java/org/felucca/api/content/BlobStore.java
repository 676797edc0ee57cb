package org.felucca.api.content;

import java.util.List;
import java.util.function.Consumer;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * The content store extension point: bytes by digest. Knows no namespaces, labels or leases; those
 * belong to {@link ContentService}. Exactly one is used, the service of highest ranking.
 *
 * <p>What is acknowledged survives a power loss. All methods are safe for many threads; a reference
 * is open at most once at a time. An implementation verifies what it stores, and never opens a path
 * made of anything but a parsed {@link Digest} or a hash of a reference.
 */
@ConsumerType
public interface BlobStore {
  /**
   * The blob's length and age.
   *
   * @throws EngineException NOT_FOUND
   */
  BlobInfo stat(Digest digest);

  /**
   * Opens a blob for reading.
   *
   * @throws EngineException NOT_FOUND
   */
  BlobReader open(Digest digest);

  /**
   * Opens or resumes an ingest.
   *
   * @param ref its reference, any text of at most 4,096 characters
   * @param total how many bytes it will hold; 0 if not known
   * @param expected its digest, or null if not known
   * @return the ingest, at the offset where the last one of this reference ended
   * @throws EngineException UNAVAILABLE if the reference is open elsewhere; ALREADY_EXISTS if a
   *     blob of that digest is stored
   */
  Ingest ingest(String ref, long total, @Nullable Digest expected);

  /** Every ingest on the disk, open or not. */
  List<IngestStatus> ingests();

  /**
   * Throws an ingest away; it may be open, and then fails with CANCELLED at its next call.
   *
   * @throws EngineException NOT_FOUND
   */
  void abort(String ref);

  /**
   * Removes a blob. Readers that have it open go on.
   *
   * @throws EngineException NOT_FOUND
   */
  void delete(Digest digest);

  /** Hands every blob to the visitor, in no order. Can be a long running process. */
  void walk(Consumer<BlobInfo> visitor);
}
