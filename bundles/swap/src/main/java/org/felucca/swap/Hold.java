package org.felucca.swap;

import java.util.function.Function;
import org.osgi.framework.ServiceReference;

/**
 * A use of a provider that is bound to no thread: the provider waits for it, bounded, before it
 * goes. Made by {@link Swap#hold}; closed when the use is over, by any thread, at most once counts.
 *
 * @param <T> the type of the provider
 */
public final class Hold<T> implements AutoCloseable {
  private final Provider<T> provider;
  private final T service;
  private final Runnable release;

  Hold(Provider<T> provider, T service, Runnable release) {
    this.provider = provider;
    this.service = service;
    this.release = release;
  }

  /** The provider, valid until this is closed. */
  public T service() {
    return service;
  }

  /** What the provider is registered as. */
  public ServiceReference<T> reference() {
    return provider.reference;
  }

  /**
   * What somebody makes of the provider, made by the first hold that asks and forgotten with the
   * provider; all holds of one swap must ask for the same type.
   */
  public <V> V derived(Class<V> type, Function<? super T, V> make) {
    return type.cast(provider.derived(() -> make.apply(service)));
  }

  /** Lets the provider go. */
  @Override
  public void close() {
    release.run();
  }
}
