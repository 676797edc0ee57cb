package org.felucca.api.containerd;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;

/** The one place where failures become gRPC's codes. Messages are passed on as they are. */
final class Statuses {
  private static final Logger LOG = Logger.getLogger(Statuses.class.getName());

  private Statuses() {}

  /**
   * What a client is told.
   *
   * @param method the method that failed, for the log
   */
  static Status of(String method, Throwable failure) {
    return switch (failure) {
      case EngineException e -> of(method, e);
      case StatusRuntimeException e -> e.getStatus();
      case StatusException e -> e.getStatus();
      default -> {
        LOG.log(Level.SEVERE, "call failed method=" + method, failure);
        yield Status.INTERNAL.withDescription("internal error: " + failure);
      }
    };
  }

  private static Status of(String method, EngineException failure) {
    if (failure.kind() == ErrorKind.INTERNAL) {
      LOG.log(Level.WARNING, "call failed method=" + method, failure);
    }
    return code(failure.kind()).withDescription(failure.getMessage()).withCause(failure);
  }

  private static Status code(ErrorKind kind) {
    return switch (kind) {
      case NOT_FOUND -> Status.NOT_FOUND;
      case ALREADY_EXISTS -> Status.ALREADY_EXISTS;
      case INVALID_ARGUMENT -> Status.INVALID_ARGUMENT;
      case FAILED_PRECONDITION -> Status.FAILED_PRECONDITION;
      case OUT_OF_RANGE -> Status.OUT_OF_RANGE;
      case UNAVAILABLE -> Status.UNAVAILABLE;
      case RESOURCE_EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
      case CANCELLED -> Status.CANCELLED;
      case DEADLINE_EXCEEDED -> Status.DEADLINE_EXCEEDED;
      case PERMISSION_DENIED -> Status.PERMISSION_DENIED;
      case UNIMPLEMENTED -> Status.UNIMPLEMENTED;
      case DATA_LOSS -> Status.DATA_LOSS;
      // What containerd says of a runtime's failure, and of all that it has no word for.
      case INTERNAL -> Status.UNKNOWN;
    };
  }
}
