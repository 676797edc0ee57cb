package org.felucca.api.shim;

import java.nio.file.Path;
import java.time.Duration;
import org.felucca.api.Namespace;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.runtime.RuntimeOptions;
import org.jspecify.annotations.Nullable;

/**
 * A shim to be launched.
 *
 * @param namespace the namespace of its container
 * @param id the id of its container
 * @param runtime the runtime's name, kept with the bundle
 * @param shim the shim's binary
 * @param options how it drives the runtime, or null for a shim that has ways of its own
 * @param clientOptions options that a client gave, or null; those of a runc-like shim are completed
 *     by the binary and the root of the others
 * @param spec the OCI runtime spec as JSON, as it goes into config.json; nobody may change the
 *     bytes
 * @param deadline how long the launch may take
 */
public record ShimLaunch(
    Namespace namespace,
    ContainerId id,
    String runtime,
    Path shim,
    @Nullable RuntimeOptions options,
    @Nullable TypedBytes clientOptions,
    byte[] spec,
    Duration deadline) {}
