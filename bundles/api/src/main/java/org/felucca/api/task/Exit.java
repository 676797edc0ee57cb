package org.felucca.api.task;

import java.time.Instant;

/**
 * How a process ended.
 *
 * @param status its exit status; 128 + n for a signal n; 255 if nobody knows
 * @param at when
 */
public record Exit(int status, Instant at) {
  /** The status of a process whose end nobody saw. */
  public static final int UNKNOWN_STATUS = 255;
}
