package org.felucca.api.shim;

import org.felucca.api.Namespace;
import org.felucca.api.event.Event;

/** Takes what shims report. */
@FunctionalInterface
public interface ShimListener {
  /**
   * One event, in the order of its shim. When this returns, the shim is told that the event is
   * taken; when it throws, the shim will send it again.
   *
   * @param namespace whose container it is about
   */
  void happened(Namespace namespace, Event event);
}
