package org.felucca.engine;

import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.condition.Condition;

/**
 * Publishes the condition {@code felucca.ready} while everything that a client needs is there and
 * what an earlier engine left is recovered.
 */
@Component(service = {})
public final class Readiness {
  private static final Logger LOG = Logger.getLogger(Readiness.class.getName());

  private final Thread waiting;
  private @Nullable ServiceRegistration<Condition> registration;
  private boolean closed;

  /** Waits in the background. */
  @Activate
  public Readiness(
      BundleContext context,
      @Reference ContainerUseCases containers,
      @Reference InfoUseCases info) {
    this.waiting =
        Thread.ofVirtual()
            .name("felucca-ready")
            .start(
                () -> {
                  try {
                    containers.awaitRecovered();
                    publish(context);
                  } catch (EngineException e) {
                    LOG.log(Level.SEVERE, "not ready: {0}", e.getMessage());
                  }
                });
  }

  private synchronized void publish(BundleContext context) {
    if (!closed) {
      registration =
          context.registerService(
              Condition.class,
              Condition.INSTANCE,
              FrameworkUtil.asDictionary(Map.of(Condition.CONDITION_ID, "felucca.ready")));
    }
  }

  @Deactivate
  synchronized void close() {
    closed = true;
    waiting.interrupt();
    if (registration != null) {
      registration.unregister();
    }
  }
}
