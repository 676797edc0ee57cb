package org.felucca.api.snapshot;

/**
 * What a snapshot alone takes, its ancestors not counted.
 *
 * @param inodes how many files
 * @param bytes how many bytes of disk
 */
public record SnapshotUsage(long inodes, long bytes) {}
