package org.felucca.shim.ttrpc;

import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.shim.wire.ttrpc.Status;

/** The numbers of gRPC's status codes, which ttrpc shares, and what they are here. */
final class Codes {
  private Codes() {}

  /** The failure that a status stands for, with the peer's words. */
  static EngineException failure(Status status) {
    ErrorKind kind =
        switch (status.getCode()) {
          case 1 -> ErrorKind.CANCELLED;
          case 3 -> ErrorKind.INVALID_ARGUMENT;
          case 4 -> ErrorKind.DEADLINE_EXCEEDED;
          case 5 -> ErrorKind.NOT_FOUND;
          case 6 -> ErrorKind.ALREADY_EXISTS;
          case 7, 16 -> ErrorKind.PERMISSION_DENIED;
          case 8 -> ErrorKind.RESOURCE_EXHAUSTED;
          case 9 -> ErrorKind.FAILED_PRECONDITION;
          case 10, 14 -> ErrorKind.UNAVAILABLE;
          case 11 -> ErrorKind.OUT_OF_RANGE;
          case 12 -> ErrorKind.UNIMPLEMENTED;
          case 15 -> ErrorKind.DATA_LOSS;
          default -> ErrorKind.INTERNAL;
        };
    String message = status.getMessage();
    return new EngineException(
        kind, message.isEmpty() ? "the shim answered code " + status.getCode() : message);
  }

  /** The status of a failure. */
  static Status status(EngineException failure) {
    int code =
        switch (failure.kind()) {
          case CANCELLED -> 1;
          case INVALID_ARGUMENT -> 3;
          case DEADLINE_EXCEEDED -> 4;
          case NOT_FOUND -> 5;
          case ALREADY_EXISTS -> 6;
          case PERMISSION_DENIED -> 7;
          case RESOURCE_EXHAUSTED -> 8;
          case FAILED_PRECONDITION -> 9;
          case OUT_OF_RANGE -> 11;
          case UNIMPLEMENTED -> 12;
          case INTERNAL -> 13;
          case UNAVAILABLE -> 14;
          case DATA_LOSS -> 15;
        };
    String message = failure.getMessage();
    return Status.newBuilder().setCode(code).setMessage(message == null ? "" : message).build();
  }
}
