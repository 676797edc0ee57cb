package org.felucca.diff;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The bytes of a stream, piece by piece. */
@FunctionalInterface
interface Pieces {
  /**
   * The next piece, never empty, or null at the end. The piece before it may be overwritten from
   * now on. Waits until there is one.
   */
  @Nullable ByteBuffer next();
}
