package org.felucca.api.containerd;

import io.grpc.Context;

/**
 * Interrupts the thread that made it when the call is cancelled or its deadline passes, until it is
 * closed. After that no interrupt of its own is left behind.
 */
final class Interrupts implements AutoCloseable {
  private final Thread thread = Thread.currentThread();
  private final Context context = Context.current();
  private final Context.CancellationListener listener = this::interrupt;
  private boolean closed;
  private boolean interrupted;

  /** Begins to watch the current call. */
  @SuppressWarnings("this-escape")
  Interrupts() {
    context.addListener(listener, Runnable::run);
  }

  private synchronized void interrupt(Context cancelled) {
    if (!closed) {
      interrupted = true;
      thread.interrupt();
    }
  }

  @Override
  public void close() {
    context.removeListener(listener);
    synchronized (this) {
      closed = true;
      if (interrupted) {
        Thread.interrupted();
      }
    }
  }
}
