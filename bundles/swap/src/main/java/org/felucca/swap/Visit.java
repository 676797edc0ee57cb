package org.felucca.swap;

import org.jspecify.annotations.Nullable;

/** One use inside one provider. All fields that change are guarded by the swap's lock. */
final class Visit<T> {
  final Provider<T> provider;

  /** The visit during which this one began, on the same thread; null for the outermost. */
  final @Nullable Visit<T> outer;

  /** Whether it makes way at once. */
  final boolean follower;

  /** Who it is, for the log. */
  final Object user;

  /** Ends it. */
  final Runnable cancel;

  /** Whether it was ended because the provider has to go. */
  boolean cancelled;

  /** A visit of this thread. */
  Visit(Provider<T> provider, @Nullable Visit<T> outer, boolean follower) {
    Thread thread = Thread.currentThread();
    this.provider = provider;
    this.outer = outer;
    this.follower = follower;
    this.user = thread;
    this.cancel = thread::interrupt;
  }

  /** A visit of no thread. */
  Visit(Provider<T> provider, Runnable cancel) {
    this.provider = provider;
    this.outer = null;
    this.follower = false;
    this.user = cancel;
    this.cancel = cancel;
  }
}
