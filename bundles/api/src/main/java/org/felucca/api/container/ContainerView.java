package org.felucca.api.container;

import org.felucca.api.task.TaskState;
import org.jspecify.annotations.Nullable;

/**
 * A container and what runs in it.
 *
 * @param container the record
 * @param task the state of its task, or null if it has none
 */
public record ContainerView(ContainerRecord container, @Nullable TaskState task) {}
