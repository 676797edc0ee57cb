package org.felucca.api;

/**
 * The few kinds of failure that callers tell apart. Each wire API maps them to its own codes in one
 * place.
 */
public enum ErrorKind {
  /** The named thing does not exist. */
  NOT_FOUND,
  /** A thing of this name exists already. */
  ALREADY_EXISTS,
  /** The arguments are wrong whatever the state of the engine is. */
  INVALID_ARGUMENT,
  /** The arguments are right, but the state of the thing forbids the call. */
  FAILED_PRECONDITION,
  /** An offset or a range lies outside what is there. */
  OUT_OF_RANGE,
  /** A part is being replaced, busy or gone; the same call may be tried again. */
  UNAVAILABLE,
  /** Disk, memory, processes or a cap of ours ran out. */
  RESOURCE_EXHAUSTED,
  /** The caller gave up. */
  CANCELLED,
  /** A call that left the process did not answer in its time. */
  DEADLINE_EXCEEDED,
  /** The caller may not do this. */
  PERMISSION_DENIED,
  /** This engine does not do this (yet); docs/scope.md says what it does. */
  UNIMPLEMENTED,
  /** Stored bytes are not what their digest says. */
  DATA_LOSS,
  /** A fault of the engine or of something below it. */
  INTERNAL
}
