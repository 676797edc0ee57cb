package org.felucca.updater.sample;

import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** A bundle that does not start. */
public final class Failing implements BundleActivator {
  @Override
  public void start(BundleContext context) {
    throw new IllegalStateException("out of luck");
  }

  @Override
  public void stop(BundleContext context) {}
}
