package org.felucca.api.gc;

/**
 * What a collection took away.
 *
 * @param blobs how many blobs went from a namespace
 * @param snapshots how many snapshots
 */
public record Collected(int blobs, int snapshots) {}
