package org.felucca.snapshot.base;

import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.LinuxException;

/** The one place where the kernel's errors become the engine's. */
public final class Failures {
  private Failures() {}

  /** The engine's error of the kernel's. */
  public static EngineException of(String attempted, LinuxException e) {
    ErrorKind kind =
        switch (e.errno()) {
          case ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM -> ErrorKind.RESOURCE_EXHAUSTED;
          case EBUSY, EXDEV, EROFS -> ErrorKind.FAILED_PRECONDITION;
          case EPERM, EACCES -> ErrorKind.PERMISSION_DENIED;
          case EINTR -> ErrorKind.CANCELLED;
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

  /** Whether the same may succeed later, so that it proves nothing about the machine. */
  public static boolean isPassing(LinuxException e) {
    return switch (e.errno()) {
      case ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EINTR -> true;
      default -> false;
    };
  }

  /** Ends a work that its caller has given up. */
  public static void stopIfInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw EngineException.cancelled("it was cancelled; what is left is swept");
    }
  }
}
