package org.felucca.swap;

import org.jspecify.annotations.Nullable;

/** One thread inside one provider. All fields that change are guarded by the swap's lock. */
final class Visit<T> {
  final Thread thread = Thread.currentThread();
  final Provider<T> provider;

  /** The visit during which this one began, on the same thread; null for the outermost. */
  final @Nullable Visit<T> outer;

  /** Whether it makes way at once. */
  final boolean follower;

  /** Whether it was interrupted because the provider has to go. */
  boolean cancelled;

  Visit(Provider<T> provider, @Nullable Visit<T> outer, boolean follower) {
    this.provider = provider;
    this.outer = outer;
    this.follower = follower;
  }
}
