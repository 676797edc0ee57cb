package org.felucca.diff;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;

/** zstd (RFC 8878): any number of frames, skippable ones too. */
final class ZstdDecoder implements Decoder {
  private final ZstdDecompressCtx context = new ZstdDecompressCtx();
  private boolean complete = true;

  @Override
  public void decode(ByteBuffer in, ByteBuffer out) {
    try {
      while (out.hasRemaining() && (in.hasRemaining() || !complete)) {
        int before = in.position() + out.position();
        complete = context.decompressDirectByteBufferStream(out, in);
        if (in.position() + out.position() == before) {
          return;
        }
      }
    } catch (ZstdException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT, "the zstd stream is malformed: " + e.getMessage(), e);
    }
  }

  @Override
  public boolean complete() {
    return complete;
  }

  @Override
  public void close() {
    context.close();
  }
}
