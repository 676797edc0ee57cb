package org.felucca.api.content;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** An open blob. Safe for several threads; goes on to work if the blob is deleted meanwhile. */
public interface BlobReader extends AutoCloseable {
  /** Its length in bytes. */
  long size();

  /**
   * Reads at an offset, as {@link FileChannel#read(ByteBuffer, long)} does.
   *
   * @return how many bytes came, at least 1, or -1 at or behind the end
   */
  int read(ByteBuffer into, long offset);

  /** A stream over the rest from an offset on; closing it leaves this reader open. */
  InputStream stream(long offset);

  /**
   * The blob as a file, for zero copy, or null if this store has none. Only for reading; closed
   * with this reader.
   */
  @Nullable FileChannel channel();

  @Override
  void close();
}
