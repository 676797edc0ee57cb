package org.felucca.api.container;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a container ends, and what then. A null says: as the image has it, or as is usual.
 *
 * @param autoRemove whether it goes when it has ended
 * @param stopSignal the signal that asks it to end, by name or number, or null
 * @param stopTimeout how long it may take to end before it is killed, or null
 * @param pidFile a file that gets the process id at each start, absolute, or null
 * @param restart whether it is started again when it has ended by itself
 * @param health how to see whether it is well, or null for the image's way
 */
public record LifeOptions(
    boolean autoRemove,
    @Nullable String stopSignal,
    @Nullable Duration stopTimeout,
    @Nullable Path pidFile,
    RestartPolicy restart,
    @Nullable HealthCheck health) {
  /** It stays until it is removed. */
  public static final LifeOptions DEFAULT =
      new LifeOptions(false, null, null, null, RestartPolicy.NO, null);

  /** Records of before there were policies have none. */
  public LifeOptions {
    restart = Objects.requireNonNullElse(restart, RestartPolicy.NO);
  }

  /** With or without its removal at the end. */
  public LifeOptions withAutoRemove(boolean other) {
    return new LifeOptions(other, stopSignal, stopTimeout, pidFile, restart, health);
  }

  /** With another restart policy. */
  public LifeOptions withRestart(RestartPolicy other) {
    return new LifeOptions(autoRemove, stopSignal, stopTimeout, pidFile, other, health);
  }

  /** With another way to see whether it is well. */
  public LifeOptions withHealth(@Nullable HealthCheck other) {
    return new LifeOptions(autoRemove, stopSignal, stopTimeout, pidFile, restart, other);
  }
}
