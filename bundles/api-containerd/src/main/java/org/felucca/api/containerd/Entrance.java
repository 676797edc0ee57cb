package org.felucca.api.containerd;

import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.swap.Failures.Reason;
import org.felucca.swap.Swap;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;

/** Makes the ways from a service to the contracts; each waits for and drains what is replaced. */
final class Entrance {
  private Entrance() {}

  /** The way to one contract. Whoever makes it closes it in its {@code @Deactivate}. */
  static <T> Swap<T> to(BundleContext context, Class<T> contract) {
    return new Swap<>(context, contract, Entrance::failure);
  }

  private static EngineException failure(Reason reason, String message, @Nullable Throwable cause) {
    ErrorKind kind = reason == Reason.INTERRUPTED ? ErrorKind.CANCELLED : ErrorKind.UNAVAILABLE;
    return new EngineException(kind, message, cause);
  }
}
