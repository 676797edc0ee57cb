package org.felucca.api.lease;

/**
 * What a lease keeps alive.
 *
 * @param type {@code content}, {@code ingest} or {@code snapshots/<snapshotter>}
 * @param id the digest, reference or key
 */
public record LeasedResource(String type, String id) {}
