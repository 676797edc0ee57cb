package org.felucca.api.task;

import org.felucca.api.container.ContainerId;
import org.jspecify.annotations.Nullable;

/**
 * The state of a process of a container.
 *
 * @param container whose it is
 * @param execId which further process it is; empty for the container's first
 * @param pid its process id on this machine; 0 before it is created
 * @param status what it does
 * @param io where it reads and writes
 * @param exit how it ended, or null before that
 * @param bundle the bundle folder, absolute; empty if not known
 */
public record TaskState(
    ContainerId container,
    String execId,
    int pid,
    TaskStatus status,
    ProcessIo io,
    @Nullable Exit exit,
    String bundle) {}
