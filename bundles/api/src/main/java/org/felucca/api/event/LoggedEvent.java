package org.felucca.api.event;

import java.time.Instant;
import org.felucca.api.Namespace;
import org.jspecify.annotations.Nullable;

/**
 * An event in the log.
 *
 * @param sequence its number: grows, never comes twice, not even over restarts and power losses;
 *     there may be gaps
 * @param at when it was published
 * @param namespace whose it is, or null for an event of the whole engine
 * @param event what happened
 */
public record LoggedEvent(long sequence, Instant at, @Nullable Namespace namespace, Event event) {}
