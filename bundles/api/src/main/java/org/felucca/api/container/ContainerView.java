package org.felucca.api.container;

import java.time.Instant;
import org.felucca.api.task.TaskState;
import org.jspecify.annotations.Nullable;

/**
 * A container and what runs in it.
 *
 * @param container the record
 * @param task the state of its task, or null if it has none
 * @param startedAt when its process was started the last time, or null if it never was or nobody
 *     knows
 */
public record ContainerView(
    ContainerRecord container, @Nullable TaskState task, @Nullable Instant startedAt) {}
