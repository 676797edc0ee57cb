package org.felucca.content;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.Locale;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;

/** Tells what an {@link IOException} of the disk means. */
final class DiskFailure {

  private DiskFailure() {}

  /** The exception to throw for a failure of what was tried. */
  static EngineException of(String tried, IOException cause) {
    String reason =
        cause instanceof FileSystemException f && f.getReason() != null
            ? f.getReason()
            : String.valueOf(cause.getMessage());
    String lower = reason.toLowerCase(Locale.ROOT);
    if (lower.contains("no space left") || lower.contains("quota exceeded")) {
      return new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED,
          tried + " failed: " + reason + "; make room and try again, what was written is kept",
          cause);
    }
    return EngineException.internal(tried + " failed: " + cause, cause);
  }
}
