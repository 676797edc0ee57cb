package org.felucca.engine;

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
 */
record ManagedState(
    String boot, Instant startedAt, @Nullable Integer exitStatus, @Nullable Instant exitedAt) {
  static final String EXTENSION = "felucca.state";

  /** The state of a container; null if it was never started. */
  static @Nullable ManagedState of(ContainerRecord container) {
    TypedBytes bytes = container.extensions().get(EXTENSION);
    return bytes == null
        ? null
        : Json.read(bytes.value(), ManagedState.class, "the state of " + container.id());
  }

  TypedBytes bytes() {
    return new TypedBytes(EXTENSION, Json.bytes(this));
  }

  /** How it ended, or null while it runs. */
  @Nullable Exit exit() {
    return exitStatus == null || exitedAt == null ? null : new Exit(exitStatus, exitedAt);
  }

  ManagedState ended(Exit exit) {
    return new ManagedState(boot, startedAt, exit.status(), exit.at());
  }
}
