package org.felucca.api.info;

/**
 * What things of a kind take of the disk.
 *
 * @param count how many there are
 * @param active how many of them are in use by containers, or of containers: run
 * @param bytes what they take
 * @param reclaimable what of it would be free if those that are not active were removed
 * @param counted whether the bytes are of all of them; else some were never counted
 */
public record DiskUse(
    Kind kind, int count, int active, long bytes, long reclaimable, boolean counted) {
  /** The kinds. */
  public enum Kind {
    /** Names of images, and the blobs that they stand for, as they came. */
    IMAGES,
    /** Snapshots that hold layers of images. */
    SNAPSHOTS,
    /** Containers, and what they have written into their root file systems. */
    CONTAINERS,
    /** Containers that have logs. */
    LOGS,
    /** Volumes. */
    VOLUMES
  }
}
