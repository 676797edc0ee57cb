package org.felucca.images;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.zip.GZIPInputStream;

/** The tar behind a stream that may be compressed, told by its first bytes. */
final class ArchiveStream {
  private static final int BUFFER = 128 << 10;

  /** The stream itself failed, which says nothing about the archive. */
  static final class SourceFailed extends IOException {
    private static final long serialVersionUID = 1L;

    SourceFailed(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private ArchiveStream() {}

  static InputStream open(InputStream archive) throws IOException {
    BufferedInputStream in = new BufferedInputStream(new Source(archive), BUFFER);
    in.mark(8);
    byte[] magic = in.readNBytes(4);
    in.reset();
    if (magic.length >= 2 && magic[0] == 0x1f && (magic[1] & 0xff) == 0x8b) {
      return new BufferedInputStream(new GZIPInputStream(in, BUFFER), BUFFER);
    }
    if (magic.length == 4
        && magic[0] == 0x28
        && (magic[1] & 0xff) == 0xb5
        && magic[2] == 0x2f
        && (magic[3] & 0xff) == 0xfd) {
      return new BufferedInputStream(new ZstdInputStreamNoFinalizer(in), BUFFER);
    }
    return in;
  }

  /** Tells failures of the source apart from those of what is in it; its owner closes it. */
  private static final class Source extends FilterInputStream {
    Source(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      try {
        return super.read();
      } catch (IOException e) {
        throw new SourceFailed(e);
      }
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedIOException("interrupted");
      }
      try {
        return super.read(into, offset, length);
      } catch (InterruptedIOException e) {
        throw e;
      } catch (IOException e) {
        throw new SourceFailed(e);
      }
    }

    @Override
    public void close() {}
  }
}
