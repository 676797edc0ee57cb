package org.felucca.swap;

/**
 * What is done with a provider.
 *
 * @param <T> the type of the provider
 * @param <R> the type of the result
 * @param <E> what it may throw
 */
@FunctionalInterface
public interface Use<T, R, E extends Exception> {
  /**
   * Does it. Interrupted if it still runs when the provider has to go; it must not keep the
   * provider for later.
   *
   * @param provider the provider, valid during the call only
   */
  R with(T provider) throws E;
}
