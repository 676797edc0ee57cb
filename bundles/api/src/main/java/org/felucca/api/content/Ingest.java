package org.felucca.api.content;

import java.nio.ByteBuffer;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.jspecify.annotations.Nullable;

/**
 * A blob in the making. One owner, one thread at a time. Holds the lock of its reference until it
 * is closed; closing without commit keeps what was written, to be resumed.
 */
public interface Ingest extends AutoCloseable {
  /** How far it is. */
  IngestStatus status();

  /**
   * Appends all remaining bytes.
   *
   * @throws EngineException RESOURCE_EXHAUSTED if the disk is full (what was written before stays
   *     resumable)
   */
  void write(ByteBuffer bytes);

  /**
   * Cuts it to a length of at most its offset.
   *
   * @throws EngineException OUT_OF_RANGE if it is shorter than that
   */
  void truncate(long length);

  /**
   * Reads of what was written while more is being written, from any thread; a store may leave that
   * out.
   *
   * @return how many bytes came, or -1 at or behind the end of what was written
   * @throws EngineException UNIMPLEMENTED if the store can't; FAILED_PRECONDITION if the ingest was
   *     closed or committed
   */
  default int read(ByteBuffer into, long offset) {
    throw new EngineException(
        ErrorKind.UNIMPLEMENTED, "this content store reads blobs only once they are committed");
  }

  /** The digest of what it holds now, by the algorithm of the expected digest, else sha256. */
  Digest digest();

  /**
   * Makes it a blob: verified, on the disk, under its final name. The ingest is gone afterwards,
   * also when the blob was there already.
   *
   * @param size the length it must have; 0 for any
   * @param expected the digest that it must have, or null for the one given at opening, or any
   * @return the blob
   * @throws EngineException FAILED_PRECONDITION if size or digest differ (the ingest stays);
   *     ALREADY_EXISTS if the blob is there (the ingest is gone)
   */
  BlobInfo commit(long size, @Nullable Digest expected);

  @Override
  void close();
}
