package org.felucca.launcher;

import org.jspecify.annotations.Nullable;

/**
 * The engine cannot start. The message says what was tried, on what, why it failed and what to do;
 * it is printed as it is.
 */
final class StartException extends Exception {
  private static final long serialVersionUID = 1L;

  StartException(String message) {
    this(message, null);
  }

  StartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
