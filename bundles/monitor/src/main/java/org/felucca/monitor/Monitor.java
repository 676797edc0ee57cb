package org.felucca.monitor;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.bundle.Header;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceListener;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.log.LogReaderService;
import org.osgi.util.tracker.ServiceTracker;

/** Starts and ends what this bundle does. */
@Header(name = Constants.BUNDLE_ACTIVATOR, value = "${@class}")
public final class Monitor implements BundleActivator {
  private static final Logger LOG = Logger.getLogger(Monitor.class.getName());

  private static final String READY =
      "(&(objectClass=org.osgi.service.condition.Condition)(osgi.condition.id=felucca.ready))";

  /** Longer than any start should take. */
  private static final long PATIENCE_SECONDS = 20;

  private final CountDownLatch ready = new CountDownLatch(1);
  private final LogBridge bridge = new LogBridge();
  private @Nullable ServiceTracker<LogReaderService, LogReaderService> logs;
  private @Nullable Thread watch;

  @Override
  public void start(BundleContext context) throws InvalidSyntaxException {
    ServiceTracker<LogReaderService, LogReaderService> tracker =
        new ServiceTracker<>(context, LogReaderService.class, null) {
          @Override
          public LogReaderService addingService(ServiceReference<LogReaderService> reference) {
            LogReaderService reader = super.addingService(reference);
            reader.addLogListener(bridge);
            return reader;
          }

          @Override
          public void removedService(
              ServiceReference<LogReaderService> reference, LogReaderService reader) {
            reader.removeLogListener(bridge);
            super.removedService(reference, reader);
          }
        };
    tracker.open();
    logs = tracker;
    ServiceListener listener =
        event -> {
          if (event.getType() != ServiceEvent.UNREGISTERING
              && event.getType() != ServiceEvent.MODIFIED_ENDMATCH) {
            ready.countDown();
          }
        };
    context.addServiceListener(listener, READY);
    if (context.getServiceReferences((String) null, READY) != null) {
      ready.countDown();
    }
    watch = Thread.ofVirtual().name("felucca-monitor").start(() -> reportUnlessReady(context));
  }

  @Override
  public void stop(BundleContext context) throws InterruptedException {
    ServiceTracker<LogReaderService, LogReaderService> tracker = logs;
    if (tracker != null) {
      tracker.close();
    }
    Thread watching = watch;
    if (watching != null) {
      watching.interrupt();
      watching.join();
    }
  }

  private void reportUnlessReady(BundleContext context) {
    try {
      if (ready.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      return; // the bundle stops
    }
    ServiceReference<ServiceComponentRuntime> reference =
        context.getServiceReference(ServiceComponentRuntime.class);
    ServiceComponentRuntime runtime = reference == null ? null : context.getService(reference);
    if (runtime == null) {
      LOG.log(
          Level.WARNING,
          "still not ready seconds={0}: declarative services do not run, look for errors above",
          PATIENCE_SECONDS);
      return;
    }
    List<String> missing = Unsatisfied.of(runtime);
    if (missing.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "still not ready seconds={0}: no component waits for anything, and no bundle publishes felucca.ready",
          PATIENCE_SECONDS);
      return;
    }
    LOG.log(
        Level.WARNING,
        "still not ready seconds={0} missing={1}: these hold it up",
        new Object[] {PATIENCE_SECONDS, missing.size()});
    missing.forEach(line -> LOG.log(Level.WARNING, "unsatisfied {0}", line));
  }
}
