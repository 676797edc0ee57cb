package org.felucca.shim;

/** Keeps an interrupt of this thread back until the end of work that must be done. */
final class Uninterrupted implements AutoCloseable {
  private final boolean interrupted = Thread.interrupted();

  private Uninterrupted() {}

  static Uninterrupted begin() {
    return new Uninterrupted();
  }

  @Override
  public void close() {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
