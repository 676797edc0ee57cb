package org.felucca.diff;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.linux.Dir;
import org.felucca.linux.Errno;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.InodeAttributes;
import org.felucca.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * The folders of the tree that is being laid out, by the paths of entries, with the most recent
 * ones kept open. A path is walked by openat2(2) with the tree as its root, so links in it lead
 * nowhere else, whoever changes the tree meanwhile.
 */
final class OpenFolders implements AutoCloseable {
  private static final int MOST = 64;
  private static final int MOST_LINKS = 40;

  private final Dir root;
  private final TouchedPaths touched;
  private final Map<String, Folder> open = new LinkedHashMap<>(16, 0.75f, true);
  private final Folder top;
  private @Nullable String lastPath;
  private @Nullable Folder last;

  /** An open folder. */
  static final class Folder {
    private final Dir dir;
    private final String canonical;
    private final long hash;
    private boolean touched;

    private Folder(Dir dir, TouchedPaths paths) {
      this.dir = dir;
      // Its path without links, however the entry spelt it.
      this.canonical = dir.toString();
      this.hash = paths.hash(1, canonical.equals("/") ? "" : canonical);
    }

    Dir dir() {
      return dir;
    }

    /** The hash of its path, for {@link TouchedPaths}. */
    long hash() {
      return hash;
    }
  }

  OpenFolders(Dir root, TouchedPaths touched) {
    this.root = root;
    this.touched = touched;
    this.top = new Folder(root, touched);
  }

  Folder top() {
    return top;
  }

  /** The folder at a path, if it is there. */
  Optional<Folder> find(String path) {
    if (path.isEmpty()) {
      return Optional.of(top);
    }
    if (path.equals(lastPath) && last != null) {
      return Optional.of(last);
    }
    Folder found = open.get(path);
    if (found == null) {
      try {
        found = add(path, root.openDirInRoot(path));
      } catch (LinuxException e) {
        if (e.is(Errno.ENOENT)) {
          return Optional.empty();
        }
        throw e;
      }
    }
    lastPath = path;
    last = found;
    return Optional.of(found);
  }

  /**
   * The folder at a path, made with its parents (root's, 0755) if it is missing, to make something
   * in it.
   */
  Folder make(String path) {
    Folder folder = find(path).orElse(null);
    if (folder == null) {
      make(path, 0).close();
      folder = find(path).orElse(null);
      if (folder == null) {
        throw EngineException.invalid(
            "the folder %s vanished while it was made".formatted(Identifiers.quote(path)));
      }
    }
    touch(folder);
    return folder;
  }

  private Dir make(String path, int links) {
    try {
      return root.openDirInRoot(path.isEmpty() ? "." : path);
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
    }
    int slash = path.lastIndexOf('/');
    String name = path.substring(slash + 1);
    String parentPath = slash < 0 ? "" : path.substring(0, slash);
    try (Dir parent = make(parentPath, links)) {
      if (name.isEmpty() || name.equals(".") || name.equals("..")) {
        return root.openDirInRoot(path);
      }
      Optional<FileStat> stat = parent.statIfExists(name);
      if (stat.isEmpty()) {
        parent.mkdir(name, 0700);
        Dir made = parent.enter(name);
        InodeAttributes.chown(made.descriptor(), 0, 0);
        InodeAttributes.chmod(made.descriptor(), 0755);
        return made;
      }
      if (stat.get().type() != FileType.SYMLINK || links >= MOST_LINKS) {
        throw EngineException.invalid(
            "%s is no folder and can't hold anything".formatted(Identifiers.quote(path)));
      }
      // A link to a folder that no layer has: the folder is made where the link leads.
      String target = parent.readlink(name);
      String followed = target.startsWith("/") ? target.substring(1) : parentPath + "/" + target;
      make(followed, links + 1).close();
      return root.openDirInRoot(path);
    }
  }

  /** Keeps a folder that was just made; it is closed with the others. */
  Folder add(String path, Dir dir) {
    Folder folder = new Folder(dir, touched);
    Folder before = open.put(path, folder);
    if (before != null) {
      before.dir.close();
    }
    if (open.size() > MOST) {
      Iterator<Folder> oldest = open.values().iterator();
      oldest.next().dir.close();
      oldest.remove();
    }
    lastPath = path;
    last = folder;
    return folder;
  }

  /**
   * Notes that the layer has made something in the folder, so whiteouts of it or above leave it
   * there.
   */
  private void touch(Folder folder) {
    if (folder.touched) {
      return;
    }
    folder.touched = true;
    String path = folder.canonical;
    long hash = 1;
    int start = 0;
    for (int i = 1; i <= path.length(); i++) {
      if (i == path.length() || path.charAt(i) == '/') {
        hash = touched.hash(hash, path.substring(start, i));
        touched.add(hash);
        start = i;
      }
    }
  }

  /** Forgets all: a folder or a link is no longer there, and paths may lead elsewhere now. */
  void forget() {
    List<Folder> all = new ArrayList<>(open.values());
    open.clear();
    lastPath = null;
    last = null;
    all.forEach(folder -> folder.dir.close());
  }

  @Override
  public void close() {
    forget();
  }
}
