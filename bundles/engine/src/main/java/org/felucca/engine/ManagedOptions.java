package org.felucca.engine;

import java.util.List;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.LifeOptions;
import org.felucca.api.container.LogOptions;
import org.felucca.linux.Signal;
import org.felucca.oci.Json;
import org.jspecify.annotations.Nullable;

/**
 * What the engine keeps with a container that it made for a user, to start it by.
 *
 * @param terminal whether its process gets a terminal
 * @param stdin whether its standard input stays open
 * @param life how it ends and what then; what the image says of it is filled in
 * @param log what becomes of its output
 * @param command the arguments of its process, so that lists need not read specs; null in records
 *     of earlier versions
 * @param surroundings what it needs of the machine and of other containers at each start; null in
 *     records of earlier versions
 */
record ManagedOptions(
    boolean terminal,
    boolean stdin,
    LifeOptions life,
    LogOptions log,
    @Nullable List<String> command,
    @Nullable Surroundings surroundings) {
  static final String EXTENSION = "felucca.options";

  /** The options of a container; null if a client of another kind made it. */
  static @Nullable ManagedOptions of(ContainerRecord container) {
    TypedBytes bytes = container.extensions().get(EXTENSION);
    return bytes == null
        ? null
        : Json.read(bytes.value(), ManagedOptions.class, "the options of " + container.id());
  }

  /** Whether it goes when it has ended. */
  boolean autoRemove() {
    return life.autoRemove();
  }

  /** The number of the signal that stops it. */
  int stopSignal() {
    String signal = life.stopSignal();
    return signal == null ? Signal.TERM.number() : Signal.parse(signal).number();
  }

  TypedBytes bytes() {
    return new TypedBytes(EXTENSION, Json.bytes(this));
  }
}
