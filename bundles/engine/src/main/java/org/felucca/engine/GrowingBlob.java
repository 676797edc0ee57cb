package org.felucca.engine;

import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Ingest;
import org.jspecify.annotations.Nullable;

/**
 * A blob between the first byte that arrives and its commit: one thread fills it, others read it
 * meanwhile. What is read is not verified before {@link #await} returns.
 */
final class GrowingBlob {
  /** Compressed bytes that are laid out in a second, roughly. */
  private static final long LAYOUT_RATE = 50 << 20;

  private final Descriptor descriptor;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable Ingest ingest;
  private long arrived;
  private long first = -1;
  private long begun;
  private boolean stored;
  private @Nullable RuntimeException failure;

  GrowingBlob(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /** So many bytes are there to be read. */
  void arrived(Ingest from, long bytes) {
    lock.lock();
    try {
      if (first < 0) {
        first = bytes;
        begun = System.nanoTime();
      }
      ingest = from;
      arrived = bytes;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** It is verified, and in the content store. */
  void stored() {
    lock.lock();
    try {
      stored = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** It will not come. */
  void failed(RuntimeException cause) {
    lock.lock();
    try {
      failure = cause;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until it is stored.
   *
   * @throws RuntimeException what it failed with; CANCELLED on interruption
   */
  void await() {
    lock.lock();
    try {
      while (!stored) {
        throwFailure();
        changed.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait for blob " + descriptor.digest());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until what is missing will probably have come by the time that a reader needs it: laying
   * a layer out takes one of few turns, which must not pass in waiting for a slow registry.
   */
  void awaitWorthReading() {
    lock.lock();
    try {
      while (!stored && !comesInTime()) {
        throwFailure();
        changed.awaitNanos(100_000_000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait for blob " + descriptor.digest());
    } finally {
      lock.unlock();
    }
  }

  private boolean comesInTime() {
    double elapsed = (System.nanoTime() - begun) / 1e9;
    if (first < 0 || arrived == first || elapsed < 0.05) {
      return false;
    }
    double rate = (arrived - first) / elapsed;
    return (descriptor.size() - arrived) / rate <= descriptor.size() / (double) LAYOUT_RATE;
  }

  private void throwFailure() {
    if (failure != null) {
      throw failure;
    }
  }

  /** Its bytes from the first on; waits where none are yet. */
  InputStream stream(ContentService content, Scope scope) {
    return new Reader(content, scope);
  }

  private final class Reader extends InputStream {
    private final ContentService content;
    private final Scope scope;
    private @Nullable BlobReader blob;
    private boolean growing = true;
    private long at;

    Reader(ContentService content, Scope scope) {
      this.content = content;
      this.scope = scope;
    }

    @Override
    public int read() throws InterruptedIOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws InterruptedIOException {
      if (length == 0) {
        return 0;
      }
      while (at < descriptor.size()) {
        Ingest from = next();
        int count =
            from == null
                ? fromBlob(ByteBuffer.wrap(into, offset, length))
                : fromIngest(from, ByteBuffer.wrap(into, offset, length));
        if (count > 0) {
          at += count;
          return count;
        }
        if (from == null) {
          return -1;
        }
      }
      return -1;
    }

    /** What to read from now: the ingest, or null for the blob. */
    private @Nullable Ingest next() throws InterruptedIOException {
      lock.lock();
      try {
        while (!stored && (ingest == null || !growing || arrived <= at)) {
          throwFailure();
          changed.await();
        }
        return stored ? null : ingest;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        InterruptedIOException interrupted = new InterruptedIOException("interrupted");
        interrupted.initCause(e);
        throw interrupted;
      } finally {
        lock.unlock();
      }
    }

    private int fromIngest(Ingest from, ByteBuffer into) {
      try {
        return from.read(into, at);
      } catch (EngineException e) {
        if (e.kind() == ErrorKind.UNIMPLEMENTED || e.kind() == ErrorKind.FAILED_PRECONDITION) {
          growing = false; // it is being committed, or the store reads blobs only
          return 0;
        }
        throw e;
      }
    }

    private int fromBlob(ByteBuffer into) {
      BlobReader reader = blob;
      if (reader == null) {
        reader = content.open(scope, descriptor.digest());
        blob = reader;
      }
      return reader.read(into, at);
    }

    @Override
    public void close() {
      if (blob != null) {
        blob.close();
      }
    }
  }
}
