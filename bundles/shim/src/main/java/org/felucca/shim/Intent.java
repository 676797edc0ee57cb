package org.felucca.shim;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is written into a bundle folder before anything is done, so that a later engine can finish
 * or undo it: {@code felucca.json}.
 *
 * @param bootId the boot of the machine during which it was written
 * @param generation tells one launch of an id from the next
 * @param namespace the namespace of the container
 * @param id the id of the container
 * @param runtime the runtime's name
 * @param shim the shim's binary, absolute
 * @param launchedAt when it was written
 * @param address the shim's socket; null before the shim has told
 * @param protocol the version of the task service; 0 before the shim has told
 * @param pid the shim's process; 0 before it is known
 * @param startTime the start of that process in clock ticks since the boot
 */
record Intent(
    String bootId,
    String generation,
    String namespace,
    String id,
    String runtime,
    String shim,
    Instant launchedAt,
    @Nullable String address,
    int protocol,
    int pid,
    long startTime) {
  /** With what the shim told. */
  Intent served(String newAddress, int newProtocol, int newPid, long newStartTime) {
    return new Intent(
        bootId,
        generation,
        namespace,
        id,
        runtime,
        shim,
        launchedAt,
        newAddress,
        newProtocol,
        newPid,
        newStartTime);
  }
}
