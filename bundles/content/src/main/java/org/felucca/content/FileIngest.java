package org.felucca.content;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.content.BlobInfo;
import org.felucca.api.content.Digest;
import org.felucca.api.content.Digest.Algorithm;
import org.felucca.api.content.Ingest;
import org.felucca.api.content.IngestStatus;
import org.jspecify.annotations.Nullable;

/**
 * A blob in the making. The hash goes along with the bytes; what an earlier owner wrote is hashed
 * once, when the hash is first needed. The lock is there for {@link FileBlobStore#abort}, which
 * comes from another thread.
 */
final class FileIngest implements Ingest {

  /** How a verified ingest becomes a blob. */
  interface Publisher {
    /**
     * Moves the data to its final name, or throws ALREADY_EXISTS; either way the ingest is gone.
     */
    BlobInfo publish(FileIngest ingest, Digest digest, long size);

    /** The reference may be opened again. */
    void closed(FileIngest ingest);
  }

  private enum State {
    OPEN,
    ABORTED,
    STOPPED,
    CLOSED
  }

  /** The most bytes that go to the disk at once. */
  private static final int PIECE = 256 * 1024;

  private final IngestNote note;
  private final Path folder;
  private final FileChannel data;
  private final DiskThreads threads;
  private final Publisher publisher;
  private final ReentrantLock lock = new ReentrantLock();

  private State state = State.OPEN;
  private Algorithm algorithm;
  private MessageDigest hash;
  private long hashed;
  private long offset;
  private Instant updatedAt;

  FileIngest(
      IngestNote note,
      Path folder,
      FileChannel data,
      long offset,
      Instant updatedAt,
      DiskThreads threads,
      Publisher publisher) {
    this.note = note;
    this.folder = folder;
    this.data = data;
    this.offset = offset;
    this.updatedAt = updatedAt;
    this.threads = threads;
    this.publisher = publisher;
    Digest expected = note.expected();
    this.algorithm = expected == null ? Algorithm.SHA256 : expected.algorithm();
    this.hash = algorithm.newMessageDigest();
  }

  Path folder() {
    return folder;
  }

  FileChannel data() {
    return data;
  }

  private String named() {
    return "ingest " + Identifiers.quote(note.ref());
  }

  @Override
  public IngestStatus status() {
    lock.lock();
    try {
      return note.status(offset, updatedAt);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void write(ByteBuffer bytes) {
    String tried = "writing to " + named();
    lock.lock();
    try {
      requireOpen(tried);
      catchUp(tried);
      long from = offset;
      int length = bytes.remaining();
      ByteBuffer forDisk = bytes.duplicate();
      Future<?> written = threads.submit(tried, () -> DiskThreads.done(() -> store(forDisk, from)));
      boolean done = false;
      try {
        hash.update(bytes);
        threads.await(tried, written);
        done = true;
      } finally {
        if (!done) {
          forgetHash();
        }
      }
      offset = from + length;
      hashed = offset;
      updatedAt = Instant.now();
    } finally {
      lock.unlock();
    }
  }

  /** Runs on a disk thread. A failure leaves the file as long as it was. */
  private void store(ByteBuffer bytes, long from) throws IOException {
    int end = bytes.limit();
    long at = from;
    try {
      while (bytes.position() < end) {
        bytes.limit(Math.min(end, bytes.position() + PIECE));
        at += data.write(bytes, at);
      }
    } catch (IOException e) {
      try {
        data.truncate(from);
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /** Takes no lock: it must not wait for a commit, which syncs. */
  @Override
  public int read(ByteBuffer into, long from) {
    String tried = "reading from " + named();
    ByteBuffer target = into.duplicate();
    int count;
    try {
      count = threads.call(tried, () -> data.read(target, from));
    } catch (EngineException e) {
      if (data.isOpen()) {
        throw e;
      }
      throw EngineException.precondition(tried + " failed: it was closed already");
    }
    into.position(target.position());
    return count;
  }

  @Override
  public void truncate(long length) {
    String tried = "truncating " + named();
    lock.lock();
    try {
      requireOpen(tried);
      if (length < 0 || length > offset) {
        throw new EngineException(
            ErrorKind.OUT_OF_RANGE, "%s to %d bytes: it holds %d".formatted(tried, length, offset));
      }
      threads.call(tried, () -> data.truncate(length));
      if (length < hashed) {
        forgetHash();
      }
      offset = length;
      updatedAt = Instant.now();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Digest digest() {
    String tried = "hashing " + named();
    lock.lock();
    try {
      requireOpen(tried);
      return digestNow(tried);
    } finally {
      lock.unlock();
    }
  }

  private Digest digestNow(String tried) {
    catchUp(tried);
    try {
      return Digest.of(algorithm, ((MessageDigest) hash.clone()).digest());
    } catch (CloneNotSupportedException e) {
      throw EngineException.internal(tried + " failed: the hash function can't be copied", e);
    }
  }

  @Override
  public BlobInfo commit(long size, @Nullable Digest expected) {
    String tried = "committing " + named();
    Digest wanted = expected == null ? note.expected() : expected;
    lock.lock();
    try {
      requireOpen(tried);
      if (size != 0 && size != offset) {
        throw EngineException.precondition(
            "%s failed: it holds %d bytes, not %d; write the rest, or truncate it"
                .formatted(tried, offset, size));
      }
      if (wanted != null && wanted.algorithm() != algorithm) {
        algorithm = wanted.algorithm();
        forgetHash();
      }
      Digest actual = digestNow(tried);
      if (wanted != null && !wanted.equals(actual)) {
        throw EngineException.precondition(
            "%s failed: its digest is %s, not %s; abort it and send it again"
                .formatted(tried, actual, wanted));
      }
      try {
        BlobInfo blob = publisher.publish(this, actual, offset);
        end(State.CLOSED);
        return blob;
      } catch (EngineException e) {
        if (e.kind() == ErrorKind.ALREADY_EXISTS) {
          end(State.CLOSED);
        }
        throw e;
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      end(State.CLOSED);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for the call in progress and fails every later one; answers false if it had ended
   * already.
   */
  boolean abort() {
    lock.lock();
    try {
      return end(State.ABORTED);
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #abort} when the store is deactivated. */
  void stop() {
    lock.lock();
    try {
      end(State.STOPPED);
    } finally {
      lock.unlock();
    }
  }

  private boolean end(State end) {
    if (state != State.OPEN) {
      return false;
    }
    state = end;
    try {
      data.close();
    } catch (IOException e) {
      throw DiskFailure.of("closing " + named(), e);
    } finally {
      publisher.closed(this);
    }
    return true;
  }

  private void requireOpen(String tried) {
    if (Thread.currentThread().isInterrupted()) {
      throw EngineException.cancelled(tried + " was cancelled");
    }
    switch (state) {
      case OPEN -> {}
      case ABORTED -> throw EngineException.cancelled(tried + " failed: it was aborted");
      case STOPPED -> throw DiskThreads.closed(tried);
      case CLOSED -> throw EngineException.precondition(tried + " failed: it was closed already");
    }
  }

  private void forgetHash() {
    hash = algorithm.newMessageDigest();
    hashed = 0;
  }

  /** Hashes what is in the file and not in the hash. */
  private void catchUp(String tried) {
    if (hashed == offset) {
      return;
    }
    ByteBuffer piece = ByteBuffer.allocate(PIECE);
    while (hashed < offset) {
      piece.clear().limit((int) Math.min(PIECE, offset - hashed));
      int count = threads.call(tried, () -> data.read(piece, hashed));
      if (count <= 0) {
        throw EngineException.internal(
            "%s failed: its file ends at %d, not at %d; abort it and send it again"
                .formatted(tried, hashed, offset),
            null);
      }
      hash.update(piece.flip());
      hashed += count;
    }
  }
}
