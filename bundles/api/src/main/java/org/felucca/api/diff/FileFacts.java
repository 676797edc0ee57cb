package org.felucca.api.diff;

import java.time.Instant;

/**
 * What a file is.
 *
 * @param name the last part of its path; a slash for the root
 * @param kind what sort it is
 * @param permissions the permission bits, set-id bits and the sticky bit included
 * @param size its length in bytes
 * @param modified when its content changed last
 * @param link what it holds if it is a symbolic link, else empty
 */
public record FileFacts(
    String name, Kind kind, int permissions, long size, Instant modified, String link) {
  /** Sorts of files. */
  public enum Kind {
    /** A regular file. */
    FILE,
    /** A folder. */
    FOLDER,
    /** A symbolic link. */
    LINK,
    /** A device, fifo or socket. */
    OTHER
  }
}
