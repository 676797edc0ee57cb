package org.felucca.api.snapshot;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The record of a snapshot in a namespace.
 *
 * @param snapshotter which snapshotter keeps it
 * @param key its name: a client's key, or after a commit the name of the commit
 * @param parent the name of the committed snapshot below it, or null
 * @param kind what it is
 * @param createdAt when it was made
 * @param updatedAt when it last changed
 * @param labels its labels; unmodifiable
 */
public record SnapshotInfo(
    String snapshotter,
    String key,
    @Nullable String parent,
    SnapshotKind kind,
    Instant createdAt,
    Instant updatedAt,
    Map<String, String> labels) {}
