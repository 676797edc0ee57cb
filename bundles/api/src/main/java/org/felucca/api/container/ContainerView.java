package org.felucca.api.container;

import java.time.Instant;
import java.util.List;
import org.felucca.api.task.TaskState;
import org.jspecify.annotations.Nullable;

/**
 * A container and what runs in it.
 *
 * @param container the record; in a list without its spec
 * @param task the state of its task, or null if it has none
 * @param startedAt when its process was started the last time, or null if it never was or nobody
 *     knows
 * @param command the program and the arguments of its first process; empty if its spec says none
 * @param restart its restart policy
 * @param restarts how often that has started it since somebody started it
 * @param restarting whether it has ended and will be started again in a moment
 * @param outOfMemory whether the kernel has killed a process of it for want of memory since it was
 *     last started
 * @param health how it is by its checks, or was when it ran, as far as that is asked for; null if
 *     it is not checked
 */
public record ContainerView(
    ContainerRecord container,
    @Nullable TaskState task,
    @Nullable Instant startedAt,
    List<String> command,
    RestartPolicy restart,
    int restarts,
    boolean restarting,
    boolean outOfMemory,
    @Nullable Health health) {
  /** Copies the command. */
  public ContainerView {
    command = List.copyOf(command);
  }

  /** Without a restart policy and checks. */
  public ContainerView(
      ContainerRecord container,
      @Nullable TaskState task,
      @Nullable Instant startedAt,
      List<String> command) {
    this(container, task, startedAt, command, RestartPolicy.NO, 0, false, false, null);
  }

  /** With another health. */
  public ContainerView withHealth(@Nullable Health other) {
    return new ContainerView(
        container, task, startedAt, command, restart, restarts, restarting, outOfMemory, other);
  }
}
