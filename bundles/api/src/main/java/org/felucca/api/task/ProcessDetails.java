package org.felucca.api.task;

import org.jspecify.annotations.Nullable;

/**
 * A process that lives in a container.
 *
 * @param pid its process id on this machine
 * @param execId which further process it is, or null if the engine did not start it
 */
public record ProcessDetails(int pid, @Nullable String execId) {}
