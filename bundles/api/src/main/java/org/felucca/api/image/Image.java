package org.felucca.api.image;

import java.time.Instant;
import java.util.Map;
import org.felucca.api.content.Descriptor;

/**
 * A named image.
 *
 * @param name its full name, such as {@code docker.io/library/busybox:latest}; any text for clients
 *     of containerd's API
 * @param target the manifest or index that it points at
 * @param createdAt when the name was made
 * @param updatedAt when it last changed
 * @param labels its labels; unmodifiable
 */
public record Image(
    String name,
    Descriptor target,
    Instant createdAt,
    Instant updatedAt,
    Map<String, String> labels) {}
