package org.felucca.api.snapshot;

/**
 * What a snapshot alone takes: what is free again when it is removed. What it shares with its
 * ancestors does not count; a snapshotter that copies them whole takes what the copy takes.
 *
 * @param inodes how many files
 * @param bytes how many bytes of disk
 */
public record SnapshotUsage(long inodes, long bytes) {}
