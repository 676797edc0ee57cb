package org.felucca.linux;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is done to a folder and everything below it. */
public final class Trees {
  // Deeper folders are moved up first, so that neither descriptors nor stack run out.
  private static final int DEEP = 200;
  private static final int DEEPEST = 4000;

  private Trees() {}

  /**
   * Deletes what has that name and, if it is a folder, everything below it. Follows no link and
   * crosses no mount point. Holds the carrier thread. To undo a folder that others may look at,
   * rename it first.
   *
   * @return false if there was nothing of that name
   * @throws LinuxException EXDEV if a file system is mounted on or below it; else the first
   *     failure, what is left is left
   */
  public static boolean delete(Dir parent, String name) {
    return delete(parent, name, () -> {});
  }

  /**
   * As {@link #delete(Dir, String)}.
   *
   * @param check run before each file, to give up by throwing
   */
  public static boolean delete(Dir parent, String name, Runnable check) {
    Optional<FileStat> stat = parent.statIfExists(name);
    if (stat.isEmpty()) {
      return false;
    }
    if (stat.get().type() == FileType.DIRECTORY) {
      new Deletion(check).folder(parent, name, 0);
    } else {
      parent.unlink(name);
    }
    return true;
  }

  private static boolean isFolder(Dir parent, String name) {
    return parent.statIfExists(name).map(s -> s.type() == FileType.DIRECTORY).orElse(false);
  }

  private static final class Deletion {
    private final Runnable check;
    private @Nullable Dir top;
    private int moved;

    Deletion(Runnable check) {
      this.check = check;
    }

    void folder(Dir parent, String name, int depth) {
      try (Dir dir = parent.enter(name)) {
        if (depth == 0) {
          top = dir;
        }
        do {
          moved = depth == 0 ? 0 : moved;
          empty(dir, dir.list(), depth);
        } while (depth == 0 && moved > 0);
      }
      parent.rmdir(name);
    }

    private void empty(Dir dir, List<DirEntry> entries, int depth) {
      for (DirEntry entry : entries) {
        check.run();
        boolean folder =
            entry.type() == FileType.DIRECTORY
                || (entry.type() == FileType.UNKNOWN && isFolder(dir, entry.name()));
        if (!folder) {
          dir.unlink(entry.name());
        } else if (depth < DEEP || !moveUp(dir, entry.name())) {
          if (depth > DEEPEST) {
            throw new LinuxException(
                "delete", entry.name(), Errno.ELOOP, "folders are nested too deeply");
          }
          folder(dir, entry.name(), depth + 1);
        }
      }
    }

    private boolean moveUp(Dir dir, String name) {
      if (top == null) {
        return false;
      }
      for (int attempt = 0; attempt < 1000; attempt++) {
        try {
          dir.rename(name, top, ".deep-" + moved + "-" + attempt, Dir.RENAME_NOREPLACE);
          moved++;
          return true;
        } catch (LinuxException e) {
          if (!e.is(Errno.EEXIST)) {
            return false; // an overlay can't move folders of its lower layers
          }
        }
      }
      return false;
    }
  }
}
