package org.felucca.api.container;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How to see whether a container is well: a program is run in it now and then. A null says: as the
 * image has it, or as is usual.
 *
 * @param test {@code NONE} for no check, {@code CMD} with arguments, or {@code CMD-SHELL} with a
 *     line for the image's shell; empty for the image's; unmodifiable
 * @param interval between the end of one check and the next; else 30 s
 * @param timeout after which a check is killed and has failed; else 30 s
 * @param startPeriod after the start, in which failures do not count; else none
 * @param startInterval between checks in that period; else 5 s
 * @param retries after so many failures in a row it is unhealthy; else 3
 */
public record HealthCheck(
    List<String> test,
    @Nullable Duration interval,
    @Nullable Duration timeout,
    @Nullable Duration startPeriod,
    @Nullable Duration startInterval,
    @Nullable Integer retries) {
  /** No check, whatever the image says. */
  public static final HealthCheck NONE =
      new HealthCheck(List.of("NONE"), null, null, null, null, null);

  /** Copies the list. */
  public HealthCheck {
    test = List.copyOf(test);
  }
}
