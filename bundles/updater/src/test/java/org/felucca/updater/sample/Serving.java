package org.felucca.updater.sample;

import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** A bundle that serves. */
public final class Serving implements BundleActivator {
  @Override
  public void start(BundleContext context) {
    context.registerService(Sample.class, new Sample() {}, null);
  }

  @Override
  public void stop(BundleContext context) {}
}
