package org.felucca.api.task;

import java.time.Instant;

/**
 * What the processes of a container have used, whichever cgroup version says so.
 *
 * @param at when it was read
 * @param cpuNanos processor time in all, in nanoseconds
 * @param cpuUserNanos of it outside the kernel
 * @param cpuSystemNanos of it in the kernel
 * @param throttledNanos how long they were held back by a limit
 * @param memory bytes of memory, without file pages that the kernel may drop at once
 * @param memoryLimit bytes that they may use; {@link Long#MAX_VALUE} for no limit
 * @param readBytes read from block devices
 * @param writtenBytes written to block devices
 * @param processes processes and threads
 * @param processLimit how many there may be; {@link Long#MAX_VALUE} for no limit
 * @param receivedBytes over the network, without the loopback interface
 * @param sentBytes over the network, without the loopback interface
 */
public record TaskUsage(
    Instant at,
    long cpuNanos,
    long cpuUserNanos,
    long cpuSystemNanos,
    long throttledNanos,
    long memory,
    long memoryLimit,
    long readBytes,
    long writtenBytes,
    long processes,
    long processLimit,
    long receivedBytes,
    long sentBytes) {

  /** With another memory limit. */
  public TaskUsage withMemoryLimit(long bytes) {
    return new TaskUsage(
        at,
        cpuNanos,
        cpuUserNanos,
        cpuSystemNanos,
        throttledNanos,
        memory,
        bytes,
        readBytes,
        writtenBytes,
        processes,
        processLimit,
        receivedBytes,
        sentBytes);
  }

  /** With other figures of the network. */
  public TaskUsage withNetwork(long received, long sent) {
    return new TaskUsage(
        at,
        cpuNanos,
        cpuUserNanos,
        cpuSystemNanos,
        throttledNanos,
        memory,
        memoryLimit,
        readBytes,
        writtenBytes,
        processes,
        processLimit,
        received,
        sent);
  }
}
