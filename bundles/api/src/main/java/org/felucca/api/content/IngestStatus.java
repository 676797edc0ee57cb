package org.felucca.api.content;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How far an ingest is.
 *
 * @param ref its reference
 * @param offset how many bytes it holds
 * @param total how many it will hold; 0 if not known
 * @param expected its digest-to-be, or null if not known
 * @param startedAt when it was first opened
 * @param updatedAt when it last grew
 */
public record IngestStatus(
    String ref,
    long offset,
    long total,
    @Nullable Digest expected,
    Instant startedAt,
    Instant updatedAt) {}
