package org.felucca.api.shim;

import java.nio.file.Path;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;

/**
 * A shim that is there.
 *
 * @param namespace the namespace of its container
 * @param id the id of its container
 * @param runtime the runtime's name
 * @param bundle its bundle folder, absolute
 * @param binary the shim's binary
 * @param pid the shim's process id; 0 if not known
 * @param protocol the version of the task service that it speaks: 2 or 3
 */
public record ShimInfo(
    Namespace namespace,
    ContainerId id,
    String runtime,
    Path bundle,
    Path binary,
    int pid,
    int protocol) {}
