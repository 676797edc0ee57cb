package org.felucca.linux;

import org.jspecify.annotations.Nullable;

/**
 * Deleting whole trees, hostile ones too: no link is followed, no mount point crossed, no file
 * opened, and no depth is too deep. What can't be deleted does not keep the rest. A deletion takes
 * as long as the tree is large and holds the carrier thread. To undo a folder that others may look
 * at, rename it first.
 */
public final class Trees {
  private static final int MOST_SUPPRESSED = 9;

  private Trees() {}

  /**
   * Deletes what has that name and, if it is a folder, everything below it. Goes on if the thread
   * is interrupted: cleaning up after a cancelled work is what it is for.
   *
   * @return false if there was nothing of that name
   * @throws LinuxException the first failure, with up to nine more as its suppressed ones: EXDEV or
   *     EBUSY at a mount point, EPERM at an immutable file ...
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
    try {
      parent.unlink(name);
      return true;
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      } else if (!e.is(Errno.EISDIR)) {
        throw e;
      }
    }
    Deletion deletion = new Deletion(check);
    try (Dir dir = parent.enter(name)) {
      TreeWalk.walk(dir, deletion);
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOENT)) {
        deletion.failed(e);
      }
    }
    deletion.leave(parent, name);
    deletion.throwIfFailed();
    return true;
  }

  /**
   * Deletes a path; its last component is not followed if it is a link, those before it are
   * trusted.
   *
   * @param path with at least one name
   * @return false if there was nothing
   */
  public static boolean delete(String path) {
    String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    int slash = trimmed.lastIndexOf('/');
    Dir folder;
    try {
      folder = Dir.open(slash < 0 ? "." : trimmed.substring(0, slash + 1));
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
    try (folder) {
      return delete(folder, trimmed.substring(slash + 1));
    }
  }

  /**
   * Deletes all that is in a folder, but not the folder; failures as in {@link #delete(Dir,
   * String)}.
   */
  public static void clear(Dir folder) {
    Deletion deletion = new Deletion(() -> {});
    TreeWalk.walk(folder, deletion);
    deletion.throwIfFailed();
  }

  private static final class Deletion implements TreeWalk.Visitor {
    private final Runnable check;
    private @Nullable LinuxException first;

    Deletion(Runnable check) {
      this.check = check;
    }

    @Override
    public void file(Dir parent, String name) {
      check.run();
      try {
        parent.unlink(name);
      } catch (LinuxException e) {
        if (!e.is(Errno.ENOENT)) {
          failed(e);
        }
      }
    }

    @Override
    public void enter(Dir folder, String name) {
      check.run();
    }

    @Override
    public void leave(Dir parent, String name) {
      try {
        parent.rmdir(name);
      } catch (LinuxException e) {
        // A folder that is still not empty only follows from what failed in it.
        if (!e.is(Errno.ENOENT) && !(e.is(Errno.ENOTEMPTY) && first != null)) {
          failed(e);
        }
      }
    }

    @Override
    public void failed(LinuxException e) {
      if (first == null) {
        first = e;
      } else if (first.getSuppressed().length < MOST_SUPPRESSED) {
        first.addSuppressed(e);
      }
    }

    void throwIfFailed() {
      if (first != null) {
        throw first;
      }
    }
  }
}
