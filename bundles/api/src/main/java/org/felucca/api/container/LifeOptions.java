package org.felucca.api.container;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a container ends, and what then. A null says: as the image has it, or as is usual.
 *
 * @param autoRemove whether it goes when it has ended
 * @param stopSignal the signal that asks it to end, by name or number, or null
 * @param stopTimeout how long it may take to end before it is killed, or null
 * @param pidFile a file that gets the process id at each start, absolute, or null
 */
public record LifeOptions(
    boolean autoRemove,
    @Nullable String stopSignal,
    @Nullable Duration stopTimeout,
    @Nullable Path pidFile) {
  /** It stays until it is removed. */
  public static final LifeOptions DEFAULT = new LifeOptions(false, null, null, null);

  /** With or without its removal at the end. */
  public LifeOptions withAutoRemove(boolean other) {
    return new LifeOptions(other, stopSignal, stopTimeout, pidFile);
  }
}
