package org.felucca.api;

import org.jspecify.annotations.Nullable;

/**
 * The one exception of the engine: a kind, and a message that says what was tried, on what, why it
 * failed and, where there is something, what to do next. A runtime's own words are passed on
 * verbatim inside the message.
 */
public final class EngineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;

  /**
   * @param kind what sort of failure it is
   * @param message the whole story, without a trailing full stop
   */
  public EngineException(ErrorKind kind, String message) {
    this(kind, message, null);
  }

  /**
   * @param kind what sort of failure it is
   * @param message the whole story, without a trailing full stop
   * @param cause what it was caused by, or null
   */
  public EngineException(ErrorKind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What sort of failure it is. */
  public ErrorKind kind() {
    return kind;
  }

  /**
   * The same failure as seen from one boundary further out.
   *
   * @param attempted what was being done, such as {@code "unpack layer sha256:..."}
   * @return a new exception of the same kind whose message is {@code attempted: message}
   */
  public EngineException during(String attempted) {
    return new EngineException(kind, attempted + ": " + getMessage(), this);
  }

  /** A {@link ErrorKind#NOT_FOUND} with this message. */
  public static EngineException notFound(String message) {
    return new EngineException(ErrorKind.NOT_FOUND, message);
  }

  /** An {@link ErrorKind#ALREADY_EXISTS} with this message. */
  public static EngineException alreadyExists(String message) {
    return new EngineException(ErrorKind.ALREADY_EXISTS, message);
  }

  /** An {@link ErrorKind#INVALID_ARGUMENT} with this message. */
  public static EngineException invalid(String message) {
    return new EngineException(ErrorKind.INVALID_ARGUMENT, message);
  }

  /** A {@link ErrorKind#FAILED_PRECONDITION} with this message. */
  public static EngineException precondition(String message) {
    return new EngineException(ErrorKind.FAILED_PRECONDITION, message);
  }

  /** An {@link ErrorKind#UNAVAILABLE} with this message. */
  public static EngineException unavailable(String message) {
    return new EngineException(ErrorKind.UNAVAILABLE, message);
  }

  /** A {@link ErrorKind#CANCELLED} with this message. */
  public static EngineException cancelled(String message) {
    return new EngineException(ErrorKind.CANCELLED, message);
  }

  /** An {@link ErrorKind#INTERNAL} with this message and cause (which may be null). */
  public static EngineException internal(String message, @Nullable Throwable cause) {
    return new EngineException(ErrorKind.INTERNAL, message, cause);
  }
}
