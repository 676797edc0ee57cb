package org.felucca.linux;

/**
 * Deletes trees, also hostile ones: it follows no link, crosses no mount point, opens no file, and
 * no depth stops it. What can't be deleted does not keep the rest. Runs as long as the tree is
 * large and holds the thread; interrupting it ends the work between two files (EINTR).
 */
public final class TreeRemover {
  private static final int MOST_SUPPRESSED = 9;

  private TreeRemover() {}

  /**
   * Deletes a name and, if it is a folder, all that is in it.
   *
   * @return false if there was no such name
   * @throws LinuxException the first failure, up to nine more as its suppressed ones: EXDEV or
   *     EBUSY at a mount point, EPERM at an immutable file ...
   */
  public static boolean remove(Dir parent, String name) {
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
    Removal removal = new Removal();
    try (Dir dir = parent.enter(name)) {
      TreeWalk.walk(dir, removal);
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOENT)) {
        removal.add(e);
      }
    }
    removal.leave(parent, name);
    removal.throwIfFailed();
    return true;
  }

  /**
   * Deletes a path; its last component is not followed if it is a link, those before it are
   * trusted.
   *
   * @param path with at least one name
   * @return false if there was nothing
   */
  public static boolean remove(String path) {
    String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    int slash = trimmed.lastIndexOf('/');
    String folder = slash < 0 ? "." : trimmed.substring(0, slash + 1);
    try (Dir parent = Dir.open(folder)) {
      return remove(parent, trimmed.substring(slash + 1));
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT) && e.call().equals("open")) {
        return false;
      }
      throw e;
    }
  }

  /** Deletes all that is in a folder, but not the folder. */
  public static void clear(Dir folder) {
    Removal removal = new Removal();
    TreeWalk.walk(folder, removal);
    removal.throwIfFailed();
  }

  private static final class Removal implements TreeWalk.Visitor {
    private @org.jspecify.annotations.Nullable LinuxException first;

    @Override
    public void file(Dir parent, String name) {
      try {
        parent.unlink(name);
      } catch (LinuxException e) {
        if (!e.is(Errno.ENOENT)) {
          add(e);
        }
      }
    }

    @Override
    public void leave(Dir parent, String name) {
      try {
        parent.rmdir(name);
      } catch (LinuxException e) {
        // A folder that is still not empty only follows from what failed in it.
        if (!e.is(Errno.ENOENT) && !(e.is(Errno.ENOTEMPTY) && first != null)) {
          add(e);
        }
      }
    }

    @Override
    public void failed(LinuxException e) {
      add(e);
    }

    void add(LinuxException e) {
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
