package org.felucca.diff;

import static org.felucca.linux.OpenFlags.O_RDONLY;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.felucca.linux.Descriptor;
import org.felucca.linux.DeviceNumber;
import org.felucca.linux.Dir;
import org.felucca.linux.Errno;
import org.felucca.linux.FileData;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.LinuxException;
import org.felucca.linux.Xattrs;
import org.jspecify.annotations.Nullable;

/**
 * Walks two states of a file system side by side, in the order of names, and writes what differs:
 * what is new or changed as it is now, what is gone as a whiteout, and the folders above of each.
 */
final class TreeComparison {
  private static final int COMPARED_AT_ONCE = 64 * 1024;

  private final Dir before;
  private final Dir after;
  private final @Nullable Dir changes;
  private final Differences out;
  private final Runnable check;
  // The folders from the root to where the walk is, and whether they are written.
  private final Deque<Level> levels = new ArrayDeque<>();
  // Names of files that have several: in the layer, and as they were.
  private final Map<Inode, String> written = new HashMap<>();
  private final Map<Inode, List<String>> unchanged = new HashMap<>();

  private record Inode(DeviceNumber device, long number) {
    static Inode of(FileStat stat) {
      return new Inode(stat.device(), stat.inode());
    }
  }

  private static final class Level {
    final Dir dir;
    final String path;
    final boolean before;
    boolean written;

    Level(Dir dir, String path, boolean before) {
      this.dir = dir;
      this.path = path;
      this.before = before;
    }
  }

  /**
   * @param changes the folder in which overlayfs keeps what is not as before, or null to look at
   *     all
   * @param check run often, to give up by throwing
   */
  TreeComparison(Dir before, Dir after, @Nullable Dir changes, Differences out, Runnable check) {
    this.before = before;
    this.after = after;
    this.changes = changes;
    this.out = out;
    this.check = check;
  }

  void run() {
    Level root = new Level(after, "", true);
    FileStat was = before.stat();
    FileStat is = after.stat();
    if (!sameAttributes(before.descriptor(), was, after.descriptor(), is)) {
      out.present(".", true, is, "", () -> LayerXattrs.get(after.descriptor()), null);
    }
    root.written = true;
    levels.addLast(root);
    folder(before, after, changes, "");
  }

  private void folder(@Nullable Dir was, Dir is, @Nullable Dir changed, String path) {
    TreeSet<String> names = new TreeSet<>();
    Dir only = changed != null && !movedOrOpaque(changed) ? changed : null;
    if (only != null) {
      only.forEach(entry -> names.add(entry.name()));
    } else {
      is.forEach(entry -> names.add(entry.name()));
      if (was != null) {
        was.forEach(entry -> names.add(entry.name()));
      }
    }
    for (String name : names) {
      name(was, is, only, path.isEmpty() ? name : path + "/" + name, name);
    }
  }

  /** Whether lower layers show through in another way than by the same path. */
  private static boolean movedOrOpaque(Dir folder) {
    return Xattrs.list(folder.descriptor()).stream()
        .anyMatch(name -> name.endsWith(".overlay.opaque") || name.endsWith(".overlay.redirect"));
  }

  private void name(@Nullable Dir was, Dir is, @Nullable Dir changed, String path, String name) {
    check.run();
    Optional<FileStat> old = was == null ? Optional.empty() : was.statIfExists(name);
    Optional<FileStat> now = is.statIfExists(name);
    if (now.isEmpty() || now.get().type() == FileType.SOCKET) {
      if (old.isPresent() && old.get().type() != FileType.SOCKET) {
        parents();
        out.gone(path.substring(0, path.length() - name.length()), name);
      }
      return;
    }
    try (Descriptor file = is.openPath(name)) {
      FileStat stat = file.stat();
      boolean same = old.isPresent() && was != null && same(was, name, old.get(), file, stat);
      if (stat.type() == FileType.DIRECTORY) {
        boolean both = was != null && old.isPresent() && old.get().type() == FileType.DIRECTORY;
        try (Dir next = is.enter(name);
            Dir nextOld = both && was != null ? was.enter(name) : null;
            Dir nextChanged = enter(changed, name)) {
          Level level = new Level(next, path, old.isPresent());
          levels.addLast(level);
          if (!same) {
            parents();
          }
          folder(nextOld, next, nextChanged, path);
          levels.removeLast();
        }
      } else if (!same) {
        file(path, old.isPresent(), file, stat, is, name);
      } else if (stat.links() > 1) {
        kept(path, stat);
      }
    } catch (LinuxException e) {
      // It went meanwhile; a file system in use is compared as far as that makes sense.
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
    }
  }

  private static @Nullable Dir enter(@Nullable Dir dir, String name) {
    if (dir == null) {
      return null;
    }
    Optional<FileStat> stat = dir.statIfExists(name);
    return stat.isPresent() && stat.get().type() == FileType.DIRECTORY ? dir.enter(name) : null;
  }

  /** Writes the folders on the way, unless they are. */
  private void parents() {
    for (Level level : levels) {
      if (!level.written) {
        level.written = true;
        out.present(
            level.path,
            level.before,
            level.dir.stat(),
            "",
            () -> LayerXattrs.get(level.dir.descriptor()),
            null);
      }
    }
  }

  private void file(
      String path, boolean before, Descriptor file, FileStat stat, Dir in, String name) {
    parents();
    boolean several = stat.links() > 1;
    String first = several ? written.get(Inode.of(stat)) : null;
    if (first != null) {
      out.present(path, before, stat, first, Map::of, null);
      return;
    }
    Supplier<Map<String, byte[]>> xattrs = () -> LayerXattrs.get(file);
    switch (stat.type()) {
      case REGULAR -> {
        try (Descriptor content = file.reopen(O_RDONLY)) {
          out.present(path, before, content.stat(), "", xattrs, content);
        }
      }
      case SYMLINK -> out.present(path, before, stat, in.readlink(name), xattrs, null);
      default -> out.present(path, before, stat, "", xattrs, null);
    }
    if (several) {
      written.put(Inode.of(stat), path);
      // Names that were there before must go on to be the same file.
      List<String> others = unchanged.remove(Inode.of(stat));
      if (others != null) {
        others.forEach(other -> out.joined(other, stat, path));
      }
    }
  }

  private void kept(String path, FileStat stat) {
    String first = written.get(Inode.of(stat));
    if (first != null) {
      parents();
      out.joined(path, stat, first);
    } else {
      unchanged.computeIfAbsent(Inode.of(stat), inode -> new ArrayList<>()).add(path);
    }
  }

  private static boolean same(Dir was, String name, FileStat old, Descriptor file, FileStat now) {
    if (old.type() != now.type()) {
      return false;
    }
    try (Descriptor oldFile = was.openPath(name)) {
      if (!sameAttributes(oldFile, old, file, now)) {
        return false;
      }
      return switch (now.type()) {
        case DIRECTORY -> true;
        case SYMLINK ->
            old.modified().equals(now.modified())
                && Dir.readlink(oldFile).equals(Dir.readlink(file));
        case REGULAR ->
            old.size() == now.size()
                && old.modified().equals(now.modified())
                // Times from archives are often whole seconds, which proves nothing.
                && (now.modified().nanos() != 0 || sameContent(oldFile, file));
        default -> old.node().equals(now.node()) && old.modified().equals(now.modified());
      };
    }
  }

  static boolean sameAttributes(Descriptor oldFile, FileStat old, Descriptor file, FileStat now) {
    return old.permissions() == now.permissions()
        && old.uid() == now.uid()
        && old.gid() == now.gid()
        && sameXattrs(LayerXattrs.get(oldFile), LayerXattrs.get(file));
  }

  private static boolean sameXattrs(Map<String, byte[]> one, Map<String, byte[]> other) {
    if (!one.keySet().equals(other.keySet())) {
      return false;
    }
    Iterator<byte[]> values = other.values().iterator();
    return one.values().stream().allMatch(value -> Arrays.equals(value, values.next()));
  }

  static boolean sameContent(Descriptor one, Descriptor other) {
    ByteBuffer left = ByteBuffer.allocateDirect(COMPARED_AT_ONCE);
    ByteBuffer right = ByteBuffer.allocateDirect(COMPARED_AT_ONCE);
    try (Descriptor first = one.reopen(O_RDONLY);
        Descriptor second = other.reopen(O_RDONLY)) {
      while (true) {
        fill(first, left.clear());
        fill(second, right.clear());
        if (!left.flip().equals(right.flip())) {
          return false;
        }
        if (!left.hasRemaining()) {
          return true;
        }
      }
    }
  }

  private static void fill(Descriptor file, ByteBuffer buffer) {
    while (buffer.hasRemaining() && FileData.read(file, buffer) >= 0) {
      // until it is full or the file ends
    }
  }
}
