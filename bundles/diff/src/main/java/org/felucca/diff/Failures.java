package org.felucca.diff;

import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.LinuxException;

/** The one place where the kernel's errors become the engine's. */
final class Failures {
  private Failures() {}

  static EngineException of(String attempted, LinuxException e) {
    return switch (e.errno()) {
      case ENOSPC, EDQUOT ->
          new EngineException(
              ErrorKind.RESOURCE_EXHAUSTED,
              attempted + ": the disk is full; free some and try again (" + e.getMessage() + ")",
              e);
      case EMFILE, ENFILE, ENOMEM ->
          new EngineException(ErrorKind.RESOURCE_EXHAUSTED, attempted + ": " + e.getMessage(), e);
      case ENAMETOOLONG, ENOTDIR, ELOOP, EXDEV, EINVAL, EFBIG, EISDIR, EMLINK, ENOENT, EILSEQ ->
          new EngineException(ErrorKind.INVALID_ARGUMENT, attempted + ": " + e.getMessage(), e);
      case EROFS, EBUSY ->
          new EngineException(ErrorKind.FAILED_PRECONDITION, attempted + ": " + e.getMessage(), e);
      case EPERM, EACCES ->
          new EngineException(ErrorKind.PERMISSION_DENIED, attempted + ": " + e.getMessage(), e);
      default -> EngineException.internal(attempted + ": " + e.getMessage(), e);
    };
  }
}
