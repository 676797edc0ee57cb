package org.felucca.engine;

import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.swap.Failures;
import org.jspecify.annotations.Nullable;

/** Makes the engine's exception of what a swap reports. */
final class Unavailable implements Failures {
  static final Unavailable INSTANCE = new Unavailable();

  private Unavailable() {}

  @Override
  public RuntimeException failure(Reason reason, String message, @Nullable Throwable cause) {
    return new EngineException(ErrorKind.UNAVAILABLE, message, cause);
  }
}
