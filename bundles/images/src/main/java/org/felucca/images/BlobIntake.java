package org.felucca.images;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Digest;
import org.felucca.api.content.LabelledIngest;
import org.jspecify.annotations.Nullable;

/** Stores the blobs of one import, whose ingests end with it, however it ends. */
final class BlobIntake {
  /** Reads some bytes; -1 at the end. */
  @FunctionalInterface
  interface Bytes {
    int read(byte[] into) throws IOException;
  }

  /**
   * A stored blob.
   *
   * @param digest its name
   * @param size its length
   */
  record Stored(Digest digest, long size) {}

  private final ContentService content;
  private final Scope scope;
  private final DiskRoom room;
  private final Progress progress;
  private final String prefix = "import-" + UUID.randomUUID() + "/";
  private final byte[] buffer = new byte[256 << 10];
  private int count;

  BlobIntake(ContentService content, Scope scope, DiskRoom room, Progress progress) {
    this.content = content;
    this.scope = scope;
    this.room = room;
    this.progress = progress;
  }

  /**
   * Stores a blob, or finds it stored.
   *
   * @param bytes where its bytes come from; not read if it is there
   * @param size how many there are
   * @param expected its digest, or null if not known
   * @param item what progress and messages call it
   * @throws EngineException INVALID_ARGUMENT if its bytes are not what its digest says
   */
  Stored store(Bytes bytes, long size, @Nullable Digest expected, String item) throws IOException {
    String ref = prefix + count++;
    LabelledIngest ingest;
    try {
      ingest = content.ingest(scope, ref, size, expected);
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.ALREADY_EXISTS && expected != null) {
        long stored = content.info(scope, expected).size();
        progress.report(item, "exists", stored, stored);
        return new Stored(expected, stored);
      }
      throw e;
    }
    boolean stored = false;
    try (ingest) {
      // Another namespace has it if the ingest is full already.
      if (ingest.status().offset() == 0) {
        fill(ingest, bytes, size, item);
      }
      Digest digest = expected == null ? ingest.digest() : expected;
      try {
        ingest.commit(0, digest, java.util.Map.of());
      } catch (EngineException e) {
        if (e.kind() == ErrorKind.FAILED_PRECONDITION) {
          throw new EngineException(
              ErrorKind.INVALID_ARGUMENT,
              "%s is not what its name says: its bytes have another digest".formatted(item),
              e);
        }
        if (e.kind() != ErrorKind.ALREADY_EXISTS) {
          throw e;
        }
      }
      stored = true;
      progress.report(item, "done", size, size);
      return new Stored(digest, content.info(scope, digest).size());
    } finally {
      if (!stored) {
        abort(ref);
      }
    }
  }

  private void fill(LabelledIngest ingest, Bytes bytes, long size, String item) throws IOException {
    long done = 0;
    int read;
    while ((read = bytes.read(buffer)) >= 0) {
      if (Thread.currentThread().isInterrupted()) {
        throw EngineException.cancelled("store " + item + ": interrupted");
      }
      room.take(read);
      ingest.write(ByteBuffer.wrap(buffer, 0, read));
      done += read;
      progress.report(item, "importing", done, size);
    }
  }

  /** Takes a broken ingest away, also when it was the caller who gave up. */
  private void abort(String ref) {
    boolean interrupted = Thread.interrupted();
    try {
      content.abort(scope, ref);
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        java.util.logging.Logger.getLogger(BlobIntake.class.getName())
            .log(java.util.logging.Level.WARNING, "ingest not removed ref=" + ref, e);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
