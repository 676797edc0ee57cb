package org.felucca.api.gc;

/**
 * What a collection took away.
 *
 * @param blobs how many blobs went from a namespace
 * @param snapshots how many snapshots
 * @param bytes how much of the disk that took: of blobs that no other namespace has, and of
 *     committed snapshots
 */
public record Collected(int blobs, int snapshots, long bytes) {}
