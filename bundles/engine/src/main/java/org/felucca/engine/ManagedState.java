package org.felucca.engine;

import java.time.Duration;
import java.time.Instant;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.task.Exit;
import org.felucca.oci.Json;
import org.jspecify.annotations.Nullable;

/**
 * How far a container is that the engine made for a user; kept in its record from its first start
 * on.
 *
 * @param boot the boot of the machine in which it was started
 * @param startedAt when it was last started
 * @param exitStatus how it ended, or null while it runs
 * @param exitedAt when it ended, or null while it runs
 * @param stopped whether somebody told it to end since it was last started by somebody
 * @param restarts how often its restart policy has started it since then
 * @param pauseMillis how long its restart policy waits, or waited the last time
 */
record ManagedState(
    String boot,
    Instant startedAt,
    @Nullable Integer exitStatus,
    @Nullable Instant exitedAt,
    boolean stopped,
    int restarts,
    long pauseMillis) {
  static final String EXTENSION = "felucca.state";

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  /** Who ran so long was well, and begins with the shortest pause again. */
  private static final Duration STEADY = Duration.ofSeconds(10);

  /** The state of a container; null if it was never started. */
  static @Nullable ManagedState of(ContainerRecord container) {
    TypedBytes bytes = container.extensions().get(EXTENSION);
    return bytes == null
        ? null
        : Json.read(bytes.value(), ManagedState.class, "the state of " + container.id());
  }

  /** Somebody starts it. */
  static ManagedState started(String boot, Instant at) {
    return new ManagedState(boot, at, null, null, false, 0, 0);
  }

  TypedBytes bytes() {
    return new TypedBytes(EXTENSION, Json.bytes(this));
  }

  /** How it ended, or null while it runs. */
  @Nullable Exit exit() {
    return exitStatus == null || exitedAt == null ? null : new Exit(exitStatus, exitedAt);
  }

  /** It has ended; says as well how long its restart policy would wait now. */
  ManagedState ended(Exit exit) {
    long pause = FIRST_PAUSE.toMillis();
    if (pauseMillis > 0 && Duration.between(startedAt, exit.at()).compareTo(STEADY) < 0) {
      pause = Math.min(2 * pauseMillis, LONGEST_PAUSE.toMillis());
    }
    return new ManagedState(boot, startedAt, exit.status(), exit.at(), stopped, restarts, pause);
  }

  /** Its restart policy starts it. */
  ManagedState restarted(String nowBoot, Instant at) {
    return new ManagedState(nowBoot, at, null, null, stopped, restarts + 1, pauseMillis);
  }

  /** Somebody tells it to end. */
  ManagedState told() {
    return new ManagedState(boot, startedAt, exitStatus, exitedAt, true, restarts, pauseMillis);
  }

  /** When its restart policy starts it; null while it runs. */
  @Nullable Instant restartAt() {
    return exitedAt == null ? null : exitedAt.plusMillis(pauseMillis);
  }
}
