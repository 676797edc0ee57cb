package org.felucca.api.content;

import java.time.Instant;

/**
 * A stored blob.
 *
 * @param digest its name
 * @param size its length in bytes
 * @param createdAt when it was committed
 */
public record BlobInfo(Digest digest, long size, Instant createdAt) {}
