package org.felucca.api.content;

import java.time.Instant;
import java.util.Map;

/**
 * A blob as a namespace sees it.
 *
 * @param digest its name
 * @param size its length in bytes
 * @param createdAt when it came to this namespace
 * @param updatedAt when its labels last changed
 * @param labels its labels here; unmodifiable
 */
public record ContentInfo(
    Digest digest, long size, Instant createdAt, Instant updatedAt, Map<String, String> labels) {}
