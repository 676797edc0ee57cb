package org.felucca.snapshot.overlay;

import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.LinuxException;

/** The one place where the kernel's errors become the engine's. */
final class Failures {
  private Failures() {}

  static EngineException of(String attempted, LinuxException e) {
    ErrorKind kind =
        switch (e.errno()) {
          case ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM -> ErrorKind.RESOURCE_EXHAUSTED;
          case EBUSY, EXDEV, EROFS -> ErrorKind.FAILED_PRECONDITION;
          case EPERM, EACCES -> ErrorKind.PERMISSION_DENIED;
          default -> ErrorKind.INTERNAL;
        };
    String next =
        switch (e.errno()) {
          case ENOSPC, EDQUOT -> "; free some disk and try again";
          case EBUSY, EXDEV -> "; something is still mounted there, unmount it first";
          default -> "";
        };
    return new EngineException(kind, attempted + ": " + e.getMessage() + next, e);
  }
}
