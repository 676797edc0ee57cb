package org.felucca.swap;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;

/**
 * One registered service, as a {@link Swap} sees it. The service object is fetched by the first
 * use: a component that is only made on demand stays asleep until then, and one that can't be made
 * yet is asked again.
 */
final class Provider<T> {
  private final BundleContext context;
  final ServiceReference<T> reference;

  /** Whether uses are let in; guarded by the swap's lock. */
  boolean open = true;

  /** Whether it has been drained and given up; guarded by the swap's lock. */
  boolean gone;

  private volatile @Nullable T service;
  private volatile @Nullable Object derived;

  Provider(BundleContext context, ServiceReference<T> reference) {
    this.context = context;
    this.reference = reference;
  }

  /** The service object, or null if there is none (now). */
  @Nullable T service() {
    T known = service;
    if (known == null) {
      try {
        known = context.getService(reference);
      } catch (IllegalStateException gone) {
        return null;
      }
      service = known;
    }
    return known;
  }

  /** What the user makes of the service object, made once. */
  Object derived(Supplier<?> make) {
    Object known = derived;
    if (known == null) {
      known = make.get();
      derived = known;
    }
    return known;
  }

  void release() {
    service = null;
    derived = null;
    try {
      context.ungetService(reference);
    } catch (IllegalStateException gone) {
      // The framework has released everything of a stopped bundle already.
    }
  }
}
