package org.felucca.api.lease;

import java.time.Instant;
import java.util.Map;

/**
 * A lease.
 *
 * @param id its name
 * @param createdAt when it was made
 * @param labels its labels, {@code containerd.io/gc.expire} among them; unmodifiable
 */
public record Lease(String id, Instant createdAt, Map<String, String> labels) {}
