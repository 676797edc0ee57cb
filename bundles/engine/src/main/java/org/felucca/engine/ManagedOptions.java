package org.felucca.engine;

import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerRecord;
import org.felucca.oci.Json;
import org.jspecify.annotations.Nullable;

/**
 * What the engine keeps with a container that it made for a user, to start it by.
 *
 * @param terminal whether its process gets a terminal
 * @param stdin whether its standard input stays open
 * @param keepLog whether its output is kept
 * @param autoRemove whether it goes when it has ended
 * @param stopSignal the number of the signal that stops it
 */
record ManagedOptions(
    boolean terminal, boolean stdin, boolean keepLog, boolean autoRemove, int stopSignal) {
  static final String EXTENSION = "felucca.options";

  /** The options of a container; null if a client of another kind made it. */
  static @Nullable ManagedOptions of(ContainerRecord container) {
    TypedBytes bytes = container.extensions().get(EXTENSION);
    return bytes == null
        ? null
        : Json.read(bytes.value(), ManagedOptions.class, "the options of " + container.id());
  }

  /**
   * Whether the output is really kept: shims give a process without a terminal no standard input
   * when a logger takes its output, so one that reads has its fifos and no log.
   */
  boolean logged() {
    return keepLog && (terminal || !stdin);
  }

  TypedBytes bytes() {
    return new TypedBytes(EXTENSION, Json.bytes(this));
  }
}
