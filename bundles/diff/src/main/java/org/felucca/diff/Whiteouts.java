package org.felucca.diff;

import java.util.Optional;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.diff.OpenFolders.Folder;
import org.felucca.linux.Dir;
import org.felucca.linux.DirEntry;
import org.felucca.linux.Errno;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.LinuxException;
import org.felucca.linux.Trees;

/**
 * Deletion by name (OCI image specification, layer.md#whiteouts): {@code .wh.NAME} hides NAME of
 * the layers below, {@code .wh..wh..opq} all that they have in its folder. What the same layer
 * makes stays, whether it comes before or after.
 */
final class Whiteouts {
  static final String PREFIX = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";
  // What aufs kept for itself in layers of old; it means nothing.
  private static final String AUFS = ".wh..wh.";

  private final OpenFolders folders;
  private final TouchedPaths touched;
  private final Runnable check;

  Whiteouts(OpenFolders folders, TouchedPaths touched, Runnable check) {
    this.folders = folders;
    this.touched = touched;
    this.check = check;
  }

  /** Acts on a whiteout; returns false if it is an entry as any other. */
  boolean take(LayerPath path) {
    if (!path.name().startsWith(PREFIX) && !path.parent().contains(PREFIX)) {
      return false;
    }
    for (String part : path.parent().split("/", -1)) {
      if (part.startsWith(AUFS)) {
        return true;
      }
      if (part.startsWith(PREFIX)) {
        throw EngineException.invalid("a whiteout is no folder");
      }
    }
    String name = path.name();
    if (!name.startsWith(PREFIX)) {
      return false;
    }
    if (name.equals(OPAQUE)) {
      hide(path.parent(), null);
    } else if (!name.startsWith(AUFS)) {
      String hidden = name.substring(PREFIX.length());
      if (hidden.isEmpty() || hidden.equals(".") || hidden.equals("..")) {
        throw EngineException.invalid(
            "the whiteout %s names nothing".formatted(Identifiers.quote(name)));
      }
      hide(path.parent(), hidden);
    }
    return true;
  }

  /** Hides one name of a folder, or all if it is null. */
  private void hide(String parent, @org.jspecify.annotations.Nullable String name) {
    Optional<Folder> folder;
    try {
      folder = folders.find(parent);
    } catch (LinuxException e) {
      if (e.is(Errno.ENOTDIR)) {
        return;
      }
      throw e;
    }
    if (folder.isEmpty()) {
      return;
    }
    long hash = folder.get().hash();
    boolean forget = false;
    try (Dir dir = Dir.of(folder.get().dir().descriptor().duplicate())) {
      if (name != null) {
        forget = hide(dir, hash, name);
      } else {
        for (DirEntry entry : dir.list()) {
          forget |= hide(dir, hash, entry.name());
        }
      }
    } finally {
      if (forget) {
        folders.forget();
      }
    }
  }

  /** Returns whether a folder or a link went, through which other paths may have led. */
  private boolean hide(Dir dir, long hash, String name) {
    check.run();
    Optional<FileStat> stat = dir.statIfExists(name);
    if (stat.isEmpty()) {
      return false;
    }
    FileType type = stat.get().type();
    long own = touched.child(hash, name);
    if (!touched.contains(own)) {
      Trees.delete(dir, name, check);
      return type == FileType.DIRECTORY || type == FileType.SYMLINK;
    }
    boolean forget = false;
    if (type == FileType.DIRECTORY) {
      try (Dir folder = dir.enter(name)) {
        for (DirEntry entry : folder.list()) {
          forget |= hide(folder, own, entry.name());
        }
      }
    }
    return forget;
  }
}
