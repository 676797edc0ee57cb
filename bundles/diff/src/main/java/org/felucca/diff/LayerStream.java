package org.felucca.diff;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.security.MessageDigest;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.content.Digest;
import org.jspecify.annotations.Nullable;

/**
 * The way of a layer's bytes: the caller's thread reads them ({@link #pump}), a second decompresses
 * and hashes ({@link #decode}), a third takes them out of {@link #plain}. So reading, computing and
 * writing go on at the same time on two cores.
 */
final class LayerStream {
  private static final int COMPRESSED_CHUNK = 128 * 1024;
  private static final int PLAIN_CHUNK = 256 * 1024;
  private static final long REPORT_EVERY = 1 << 20;

  private final ChunkPipe compressed = new ChunkPipe(3, COMPRESSED_CHUNK);
  private final ChunkPipe plain = new ChunkPipe(4, PLAIN_CHUNK);
  private final byte[] transfer = new byte[COMPRESSED_CHUNK];
  private final MessageDigest hash = Digest.Algorithm.SHA256.newMessageDigest();
  private volatile long read;
  private long size;
  private @Nullable Digest diffId;

  /** Makes it as new, so that its buffers can be used again. */
  void reset() {
    compressed.reset();
    plain.reset();
    hash.reset();
    read = 0;
    size = 0;
    diffId = null;
  }

  /** Where the decompressed bytes come out. */
  Pieces plain() {
    return plain;
  }

  /** Takes bytes that need no decompression, in any one thread; they end when it is closed. */
  OutputStream plainInput() {
    return new OutputStream() {
      private ByteBuffer chunk = borrow();

      private ByteBuffer borrow() {
        try {
          return plain.borrow();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw cancelled(e);
        }
      }

      @Override
      public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        int done = 0;
        while (done < length) {
          if (!chunk.hasRemaining()) {
            plain.give(chunk.flip());
            chunk = borrow();
          }
          int count = Math.min(chunk.remaining(), length - done);
          chunk.put(bytes, offset + done, count);
          done += count;
        }
      }

      @Override
      public void close() {
        plain.give(chunk.flip());
        plain.end();
      }
    };
  }

  /** Stops everybody. */
  void fail(RuntimeException cause) {
    compressed.fail(cause);
    plain.fail(cause);
  }

  /** Throws what somebody stopped everybody with. */
  void check() {
    plain.check();
  }

  /** Reads the layer to its end, in the caller's thread; an interrupt stops everybody. */
  void pump(InputStream layer, String item, Progress progress) {
    try {
      long reported = 0;
      long total = 0;
      while (true) {
        ByteBuffer chunk = compressed.borrow();
        // Filled up, so that the first chunk is long enough to tell what it is.
        while (chunk.hasRemaining()) {
          if (Thread.interrupted()) {
            throw new InterruptedException();
          }
          int count = layer.read(transfer, 0, Math.min(transfer.length, chunk.remaining()));
          if (count < 0) {
            compressed.give(chunk.flip());
            compressed.end();
            progress.report(item, "unpacking", read, 0);
            return;
          }
          chunk.put(transfer, 0, count);
          total += count;
          read = total;
        }
        compressed.give(chunk.flip());
        if (read - reported >= REPORT_EVERY) {
          reported = read;
          progress.report(item, "unpacking", read, 0);
        }
      }
    } catch (InterruptedException | InterruptedIOException | ClosedByInterruptException e) {
      Thread.currentThread().interrupt();
      fail(cancelled(e));
    } catch (IOException e) {
      fail(EngineException.internal("read the layer after " + read + " bytes: " + e, e));
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  static EngineException cancelled(@Nullable Throwable cause) {
    return new EngineException(ErrorKind.CANCELLED, "the caller gave up", cause);
  }

  /** Decompresses and hashes until the end; never throws. */
  void decode(LayerLimits limits) {
    try {
      ByteBuffer in = compressed.next();
      Compression compression = in == null ? Compression.PLAIN : Compression.detect(in);
      ByteBuffer out = plain.borrow();
      try (Decoder decoder = compression.decoder()) {
        while (in != null) {
          decoder.decode(in, out);
          if (!out.hasRemaining()) {
            emit(out, limits);
            out = plain.borrow();
          } else if (!in.hasRemaining()) {
            in = compressed.next();
          } else {
            throw EngineException.invalid("the compressed stream does not go on");
          }
        }
        emit(out, limits);
        if (!decoder.complete()) {
          throw EngineException.invalid(
              "the %s stream is cut off after %d bytes"
                  .formatted(compression.name().toLowerCase(java.util.Locale.ROOT), read));
        }
      }
      diffId = Digest.of(Digest.Algorithm.SHA256, hash.digest());
      plain.end();
    } catch (InterruptedException e) {
      fail(new EngineException(ErrorKind.UNAVAILABLE, "layers are no longer unpacked here", e));
    } catch (RuntimeException e) {
      fail(e);
    } catch (Error e) {
      fail(EngineException.internal("decompress a layer: " + e, e));
    }
  }

  private void emit(ByteBuffer out, LayerLimits limits) {
    out.flip();
    hash.update(out.duplicate());
    size += out.remaining();
    if (size > limits.bytes()) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED,
          "the layer has more than %d bytes when decompressed; raise max.gibibytes of org.felucca.diff if it is meant to"
              .formatted(limits.bytes()));
    }
    if (size > LayerLimits.RATIO_FREE && size / limits.ratio() > read) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED,
          "the layer is more than %d times as long when decompressed, which looks like an attack; raise max.ratio of org.felucca.diff if it is none"
              .formatted(limits.ratio()));
    }
    plain.give(out);
  }

  /** How many bytes were decompressed; once everybody has ended. */
  long size() {
    return size;
  }

  /** The digest of all decompressed bytes; once everybody has ended well. */
  Digest diffId() {
    Digest id = diffId;
    if (id == null) {
      throw new IllegalStateException("the layer is not read to its end");
    }
    return id;
  }
}
