package org.felucca.api.lease;

/**
 * What a lease keeps alive.
 *
 * @param type {@code content}, {@code ingests}, {@code images} or {@code snapshots/<snapshotter>}
 * @param id the digest, reference, name or key
 */
public record LeasedResource(String type, String id) {}
