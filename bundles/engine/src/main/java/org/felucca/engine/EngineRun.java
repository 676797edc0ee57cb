package org.felucca.engine;

import java.time.Instant;
import org.felucca.linux.BootId;
import org.osgi.framework.BundleContext;

/**
 * The run of the engine's process that this bundle lives in; an update of the bundle is none of its
 * own.
 *
 * @param boot the kernel's id of this boot
 * @param start no later than anything that this process did, later than all that earlier ones did
 */
record EngineRun(String boot, Instant start) {
  static EngineRun of(BundleContext context) {
    return new EngineRun(BootId.current().value(), start(context));
  }

  /** Said by the launcher: the JVM knows its own start only within a second, or slowly. */
  static Instant start(BundleContext context) {
    String started = context.getProperty("felucca.started");
    if (started == null) {
      throw new IllegalStateException("the framework property felucca.started is not set");
    }
    return Instant.ofEpochMilli(Long.parseLong(started));
  }
}
