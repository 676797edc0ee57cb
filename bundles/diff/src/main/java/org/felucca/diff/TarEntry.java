package org.felucca.diff;

import java.util.List;
import java.util.Map;
import org.felucca.linux.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a tar archive, as its headers describe it; nothing in it is safe to use as a path
 * yet.
 *
 * @param kind what it is
 * @param name its name as in the archive, any bytes as {@link org.felucca.linux.FileNames} decodes
 *     them
 * @param link what it is linked to; empty for other kinds
 * @param permissions mode bits, 07777
 * @param uid owner, 0 to 4,294,967,294
 * @param gid group, likewise
 * @param size length of the file when it is laid out
 * @param modified when it was modified
 * @param accessed when it was accessed, not before it was modified
 * @param major of a device
 * @param minor of a device
 * @param xattrs extended attributes as the archive has them
 * @param extents where in the file the stored bytes go, or null if they are all of it
 */
record TarEntry(
    Kind kind,
    String name,
    String link,
    int permissions,
    long uid,
    long gid,
    long size,
    Timestamp modified,
    Timestamp accessed,
    long major,
    long minor,
    Map<String, byte[]> xattrs,
    @Nullable List<Extent> extents) {

  /** What an entry can be. */
  enum Kind {
    FILE,
    HARD_LINK,
    SYMLINK,
    CHARACTER_DEVICE,
    BLOCK_DEVICE,
    DIRECTORY,
    FIFO
  }

  /** A stored part of a sparse file. */
  record Extent(long offset, long length) {
    long end() {
      return offset + length;
    }
  }
}
