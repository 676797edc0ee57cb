package org.felucca.engine;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.LifeOptions;
import org.felucca.api.container.LogOptions;
import org.felucca.api.container.RestartPolicy;
import org.felucca.api.task.Exit;
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
  private static final Duration USUAL_STOP = Duration.ofSeconds(10);

  static final String EXTENSION = "felucca.options";

  /** The options of a container; null if a client of another kind made it. */
  static @Nullable ManagedOptions of(ContainerRecord container) {
    TypedBytes bytes = container.extensions().get(EXTENSION);
    return bytes == null
        ? null
        : Json.read(bytes.value(), ManagedOptions.class, "the options of " + container.id());
  }

  /** With another end. */
  ManagedOptions withLife(LifeOptions other) {
    return new ManagedOptions(terminal, stdin, other, log, command, surroundings);
  }

  /** Whether it goes when it has ended. */
  boolean autoRemove() {
    return life.autoRemove();
  }

  /** How long it may take to end when it is asked to. */
  Duration stopTimeout() {
    return Objects.requireNonNullElse(life.stopTimeout(), USUAL_STOP);
  }

  /** The number of the signal that stops it. */
  int stopSignal() {
    String signal = life.stopSignal();
    return signal == null ? Signal.TERM.number() : Signal.parse(signal).number();
  }

  /** Whether its restart policy starts it again that has ended so. */
  boolean restarts(@Nullable ManagedState state) {
    Exit exit = state == null ? null : state.exit();
    if (state == null || exit == null || state.stopped()) {
      return false;
    }
    RestartPolicy policy = life.restart();
    return switch (policy.kind()) {
      case NO -> false;
      case ALWAYS, UNLESS_STOPPED -> true;
      case ON_FAILURE ->
          exit.status() != 0 && (policy.maximum() == 0 || state.restarts() < policy.maximum());
    };
  }

  TypedBytes bytes() {
    return new TypedBytes(EXTENSION, Json.bytes(this));
  }
}
