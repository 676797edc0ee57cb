package org.felucca.diff;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.felucca.api.EngineException;

/** Writers of compressed layers; the same input makes the same output. */
final class CompressedOutput {
  private static final int BUFFER = 64 << 10;
  private static final int ZSTD_LEVEL = 3;

  private CompressedOutput() {}

  /** gzip at a level of choice; its header has neither a name nor a time. */
  private static final class Gzip extends GZIPOutputStream {
    Gzip(OutputStream out, int level) throws IOException {
      super(out, BUFFER);
      def.setLevel(level);
    }
  }

  /** What is below stays open. */
  private static final class Unclosed extends FilterOutputStream {
    Unclosed(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }

  /** A stream that compresses into another one; closing it writes the end and leaves that open. */
  static OutputStream of(Compression compression, OutputStream out) {
    OutputStream below = new Unclosed(out);
    try {
      return switch (compression) {
        case PLAIN -> below;
        // Higher levels cost three times as much for a tenth.
        case GZIP -> new Gzip(below, Deflater.BEST_SPEED);
        case ZSTD -> new ZstdOutputStreamNoFinalizer(below, ZSTD_LEVEL);
      };
    } catch (IOException e) {
      throw EngineException.internal("write a layer: " + e, e);
    }
  }
}
