package org.felucca.api.container;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a container's output.
 *
 * @param keep whether it is kept in a log
 * @param driver where to: {@code cri}, {@code json-file}, {@code journald} or {@code none}; null
 *     for the configured one
 * @param options options of the driver, such as {@code max-size}; unmodifiable
 */
public record LogOptions(boolean keep, @Nullable String driver, Map<String, String> options) {
  /** Kept as it is configured. */
  public static final LogOptions KEPT = new LogOptions(true, null, Map.of());

  /** Seen by those who are joined to it, and by nobody else. */
  public static final LogOptions DROPPED = new LogOptions(false, null, Map.of());

  /** Copies the options; a record of an earlier version has none. */
  @SuppressWarnings("RedundantNullCheck")
  public LogOptions {
    options = options == null ? Map.of() : Map.copyOf(options);
  }
}
