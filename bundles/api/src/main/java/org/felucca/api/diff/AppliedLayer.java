package org.felucca.api.diff;

import org.felucca.api.content.Digest;

/**
 * What came of laying a layer out.
 *
 * @param diffId the digest of the uncompressed layer, read to its last byte
 * @param size the length of the uncompressed layer
 * @param entries how many entries it had
 */
public record AppliedLayer(Digest diffId, long size, long entries) {}
