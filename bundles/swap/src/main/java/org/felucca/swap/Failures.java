package org.felucca.swap;

import org.jspecify.annotations.Nullable;

/** Makes the exceptions of the caller's world out of what goes wrong in a {@link Swap}. */
@FunctionalInterface
public interface Failures {
  /** Why a use could not be made, or not be finished. */
  enum Reason {
    /** No provider came in the time that was given. */
    MISSING,
    /** The provider went while it was in use, and the use did not finish in time. */
    REPLACED,
    /** The swap was closed. */
    CLOSED,
    /**
     * The calling thread was interrupted while it waited for a provider; its interrupt status is
     * set.
     */
    INTERRUPTED
  }

  /**
   * Makes an exception.
   *
   * @param message which service, and what happened to it
   * @param cause what the cancelled use threw, or null
   */
  RuntimeException failure(Reason reason, String message, @Nullable Throwable cause);
}
