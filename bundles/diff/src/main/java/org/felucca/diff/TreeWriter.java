package org.felucca.diff;

import static org.felucca.linux.OpenFlags.O_CREAT;
import static org.felucca.linux.OpenFlags.O_DIRECTORY;
import static org.felucca.linux.OpenFlags.O_EXCL;
import static org.felucca.linux.OpenFlags.O_NOFOLLOW;
import static org.felucca.linux.OpenFlags.O_PATH;
import static org.felucca.linux.OpenFlags.O_RDONLY;
import static org.felucca.linux.OpenFlags.O_WRONLY;

import java.io.File;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.diff.TreeArchives.Owner;
import org.felucca.diff.OpenFolders.Folder;
import org.felucca.diff.TarEntry.Extent;
import org.felucca.linux.Descriptor;
import org.felucca.linux.DeviceNumber;
import org.felucca.linux.Dir;
import org.felucca.linux.Errno;
import org.felucca.linux.FileData;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.InodeAttributes;
import org.felucca.linux.LinuxException;
import org.felucca.linux.Resolve;
import org.felucca.linux.Timestamp;
import org.felucca.linux.Trees;

/**
 * Lays the entries of a layer out below a folder that it never leaves. Every name is made in an
 * open folder, and owner, attributes, mode and times are set through the descriptor of what was
 * made, so nobody who changes the tree meanwhile can turn them on something else. Not for several
 * threads.
 */
final class TreeWriter implements AutoCloseable {
  private static final int ATTEMPTS = 16;
  private static final long LOOK_AT_DISK_EVERY = 64L << 20;
  private static final int MOST_TIMES = 8 << 20;

  private final Dir root;
  private final LayerLimits limits;
  private final Runnable check;
  private final LayoutRules rules;
  private final TouchedPaths touched = new TouchedPaths();
  private final OpenFolders folders;
  private final Whiteouts whiteouts;
  private final List<FolderTime> times = new ArrayList<>();
  private int timesLength;
  private long entries;
  private long written;

  /** Times of a folder, set when nothing more is made in it. */
  private record FolderTime(String path, Timestamp accessed, Timestamp modified) {}

  /**
   * @param root stays open
   * @param check run often, to give up by throwing
   */
  TreeWriter(Dir root, LayerLimits limits, Runnable check, LayoutRules rules) {
    this.rules = rules;
    this.root = root;
    this.limits = limits;
    this.check = check;
    this.folders = new OpenFolders(root, touched);
    this.whiteouts = new Whiteouts(folders, touched, check);
  }

  /** Lays all entries out; returns how many there were. */
  long write(TarReader tar) {
    checkDisk();
    for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
      check.run();
      if (++entries > limits.entries()) {
        throw new EngineException(
            ErrorKind.RESOURCE_EXHAUSTED,
            "the layer has more than %d entries; raise max.entries of org.felucca.diff if it is meant to"
                .formatted(limits.entries()));
      }
      try {
        write(entry, tar);
      } catch (LinuxException e) {
        throw Failures.of("lay out " + Identifiers.quote(entry.name()), e);
      } catch (EngineException e) {
        throw e.kind() == ErrorKind.CANCELLED
            ? e
            : e.during("lay out " + Identifiers.quote(entry.name()));
      }
    }
    try {
      setTimes();
    } catch (LinuxException e) {
      throw Failures.of("set the times of folders", e);
    }
    return entries;
  }

  private void write(TarEntry entry, TarReader tar) {
    LayerPath named = LayerPath.parse(entry.name());
    if (named.isRoot()) {
      if (rules.layer()) {
        writeRoot(entry);
      }
      return;
    }
    if (rules.layer() && whiteouts.take(named)) {
      return;
    }
    LayerPath path = rules.place(named);
    switch (entry.kind()) {
      case FILE -> writeFile(entry, path, tar);
      case DIRECTORY -> writeFolder(entry, path);
      case HARD_LINK -> writeHardLink(entry, path);
      case SYMLINK -> writeSymlink(entry, path);
      case FIFO -> writeNode(entry, path, FileType.FIFO);
      case CHARACTER_DEVICE -> writeNode(entry, path, FileType.CHARACTER_DEVICE);
      case BLOCK_DEVICE -> writeNode(entry, path, FileType.BLOCK_DEVICE);
    }
  }

  private void writeRoot(TarEntry entry) {
    if (entry.kind() != TarEntry.Kind.DIRECTORY) {
      throw EngineException.invalid("the root of a layer must be a folder");
    }
    setAttributes(root.descriptor(), entry, true);
    remember("", entry);
  }

  /**
   * Makes something under a name; what has the name already goes. Returns the folder that it is in.
   */
  private Folder replace(LayerPath path, Consumer<Dir> make) {
    for (int attempt = 1; ; attempt++) {
      Folder folder = parent(path);
      try {
        make.accept(folder.dir());
        touched.add(touched.child(folder.hash(), path.name()));
        return folder;
      } catch (LinuxException e) {
        if (!e.is(Errno.EEXIST) || attempt == ATTEMPTS) {
          throw e;
        }
      }
      clear(folder.dir(), path.name());
    }
  }

  private void clear(Dir dir, String name) {
    Optional<FileStat> stat = dir.statIfExists(name);
    if (stat.isEmpty()) {
      return;
    }
    FileType type = stat.get().type();
    if (type == FileType.DIRECTORY && !rules.layer()) {
      throw EngineException.precondition(
          "there is a folder of that name already, which a copy does not replace by a file; remove it first");
    }
    if (type == FileType.DIRECTORY || type == FileType.SYMLINK) {
      // The folder that is being used must outlive this; others may be reached by another way now.
      try (Dir again = Dir.of(dir.descriptor().duplicate())) {
        folders.forget();
        Trees.delete(again, name, check);
      }
    } else {
      Trees.delete(dir, name, check);
    }
  }

  private Folder parent(LayerPath path) {
    return folders.make(path.parent());
  }

  private void writeFile(TarEntry entry, LayerPath path, TarReader tar) {
    try (Descriptor file = createFile(path)) {
      List<Extent> extents = entry.extents();
      if (extents == null) {
        for (ByteBuffer data = tar.data(); data != null; data = tar.data()) {
          count(data.remaining());
          FileData.write(file, data);
        }
      } else {
        writeSparse(file, entry, extents, tar);
      }
      setAttributes(file, entry, true);
      InodeAttributes.setTimes(file, entry.accessed(), entry.modified());
    }
  }

  private Descriptor createFile(LayerPath path) {
    for (int attempt = 1; ; attempt++) {
      Folder folder = parent(path);
      try {
        Descriptor file = folder.dir().openName(path.name(), O_WRONLY | O_CREAT | O_EXCL, 0600);
        touched.add(touched.child(folder.hash(), path.name()));
        return file;
      } catch (LinuxException e) {
        if (!e.is(Errno.EEXIST) || attempt == ATTEMPTS) {
          throw e;
        }
        clear(folder.dir(), path.name());
      }
    }
  }

  private void writeSparse(Descriptor file, TarEntry entry, List<Extent> extents, TarReader tar) {
    ByteBuffer data = null;
    for (Extent extent : extents) {
      long done = 0;
      while (done < extent.length()) {
        if (data == null || !data.hasRemaining()) {
          data = tar.data();
          if (data == null) {
            throw EngineException.invalid("the data of a sparse file is cut off");
          }
        }
        int length = (int) Math.min(data.remaining(), extent.length() - done);
        count(length);
        FileData.pwrite(file, data.slice(data.position(), length), extent.offset() + done);
        data.position(data.position() + length);
        done += length;
      }
    }
    FileData.truncate(file, entry.size());
  }

  private void count(int length) {
    long before = written / LOOK_AT_DISK_EVERY;
    written += length;
    if (written / LOOK_AT_DISK_EVERY != before) {
      check.run();
      checkDisk();
    }
  }

  /** Stops before the disk is full: others need some, and a bomb would fill it. */
  private void checkDisk() {
    long free = new File(root.procPath()).getUsableSpace();
    if (free < limits.reserve()) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED,
          "only %d bytes of disk are free, fewer than the %d that layers leave to others; free some and try again"
              .formatted(free, limits.reserve()));
    }
  }

  private void writeFolder(TarEntry entry, LayerPath path) {
    Dir dir = makeFolder(path);
    setAttributes(dir.descriptor(), entry, true);
    folders.add(path.path(), dir);
    remember(path.path(), entry);
  }

  private Dir makeFolder(LayerPath path) {
    for (int attempt = 1; ; attempt++) {
      Folder folder = parent(path);
      Dir in = folder.dir();
      try {
        try {
          in.mkdir(path.name(), 0700);
        } catch (LinuxException e) {
          Optional<FileStat> stat =
              e.is(Errno.EEXIST) ? in.statIfExists(path.name()) : Optional.empty();
          if (stat.isEmpty() || stat.get().type() != FileType.DIRECTORY) {
            throw e;
          }
        }
        Dir made = enter(in, path.name());
        touched.add(touched.child(folder.hash(), path.name()));
        return made;
      } catch (LinuxException e) {
        boolean taken =
            e.is(Errno.EEXIST) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP) || e.is(Errno.ENOENT);
        if (!taken || attempt == ATTEMPTS) {
          throw e;
        }
        if (!rules.layer() && in.statIfExists(path.name()).isPresent()) {
          throw EngineException.precondition(
              "there is something else of that name already, which a copy does not replace by a folder; remove it first");
        }
        clear(in, path.name());
      }
    }
  }

  /** A layer has no mounts in it; a copy may go into a volume. */
  private Dir enter(Dir in, String name) {
    return rules.layer()
        ? in.enter(name)
        : Dir.of(
            in.open(
                name,
                O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
                0,
                Resolve.BENEATH | Resolve.NO_SYMLINKS));
  }

  private void writeHardLink(TarEntry entry, LayerPath path) {
    LayerPath linked = LayerPath.parse(entry.link());
    if (linked.isRoot()) {
      throw EngineException.invalid("a hard link can't name the root");
    }
    LayerPath source = rules.place(linked);
    Folder from =
        folders
            .find(source.parent())
            .orElseThrow(
                () ->
                    EngineException.invalid(
                        "it is a hard link to %s, which is not there"
                            .formatted(Identifiers.quote(entry.link()))));
    try (Descriptor file = from.dir().openPath(source.name())) {
      FileStat stat = file.stat();
      if (stat.type() == FileType.DIRECTORY) {
        throw EngineException.invalid(
            "it is a hard link to %s, which is a folder"
                .formatted(Identifiers.quote(entry.link())));
      }
      for (int attempt = 1; ; attempt++) {
        Folder folder = parent(path);
        try {
          folder.dir().link(file, path.name());
          touched.add(touched.child(folder.hash(), path.name()));
          return;
        } catch (LinuxException e) {
          if (!e.is(Errno.EEXIST) || attempt == ATTEMPTS) {
            throw e;
          }
          if (folder.dir().statIfExists(path.name()).map(s -> s.sameFile(stat)).orElse(false)) {
            touched.add(touched.child(folder.hash(), path.name()));
            return;
          }
          clear(folder.dir(), path.name());
        }
      }
    }
  }

  private void writeSymlink(TarEntry entry, LayerPath path) {
    if (entry.link().isEmpty()) {
      throw EngineException.invalid("a symbolic link has no target");
    }
    Folder folder = replace(path, dir -> dir.symlink(entry.link(), path.name()));
    finish(folder, path, entry, FileType.SYMLINK);
  }

  private void writeNode(TarEntry entry, LayerPath path, FileType type) {
    DeviceNumber device = device(entry);
    Folder folder = replace(path, dir -> dir.mknod(path.name(), type, 0600, device));
    finish(folder, path, entry, type);
  }

  private static DeviceNumber device(TarEntry entry) {
    if (entry.kind() == TarEntry.Kind.FIFO) {
      return DeviceNumber.NONE;
    }
    if (entry.major() < 0
        || entry.major() > 0xFFF
        || entry.minor() < 0
        || entry.minor() > 0xFFFFF) {
      throw EngineException.invalid(
          "there is no device %d:%d".formatted(entry.major(), entry.minor()));
    }
    if (entry.kind() == TarEntry.Kind.CHARACTER_DEVICE
        && entry.major() == 0
        && entry.minor() == 0) {
      throw EngineException.invalid(
          "the character device 0:0 is overlayfs's own whiteout; layers delete by names that begin with .wh.");
    }
    return new DeviceNumber((int) entry.major(), (int) entry.minor());
  }

  /** Sets the attributes of what can't be opened, through a descriptor that only names it. */
  private void finish(Folder folder, LayerPath path, TarEntry entry, FileType type) {
    try (Descriptor made = folder.dir().openPath(path.name())) {
      if (made.stat().type() != type) {
        throw EngineException.precondition("somebody else changes the tree");
      }
      setAttributes(made, entry, type != FileType.SYMLINK);
      InodeAttributes.setTimes(made, entry.accessed(), entry.modified());
    }
  }

  /** In this order: a new owner clears capabilities and set-id bits. */
  private void setAttributes(Descriptor file, TarEntry entry, boolean mode) {
    Owner owner = rules.owner();
    InodeAttributes.chown(
        file, owner == null ? entry.uid() : owner.uid(), owner == null ? entry.gid() : owner.gid());
    if (!entry.xattrs().isEmpty()) {
      LayerXattrs.set(file, entry.xattrs());
    }
    if (mode) {
      InodeAttributes.chmod(file, entry.permissions());
    }
  }

  private void remember(String path, TarEntry entry) {
    times.add(new FolderTime(path, entry.accessed(), entry.modified()));
    timesLength += path.length() + 64;
    if (timesLength > MOST_TIMES) {
      // Archives go depth first: the folders in the list are hardly entered again.
      setTimes();
    }
  }

  private void setTimes() {
    for (FolderTime time : times) {
      check.run();
      if (time.path().isEmpty()) {
        InodeAttributes.setTimes(root.descriptor(), time.accessed(), time.modified());
        continue;
      }
      try (Descriptor folder = root.openInRoot(time.path(), O_PATH | O_NOFOLLOW | O_DIRECTORY, 0)) {
        InodeAttributes.setTimes(folder, time.accessed(), time.modified());
      } catch (LinuxException e) {
        // A later entry has put something else there.
        if (!e.is(Errno.ENOENT) && !e.is(Errno.ENOTDIR) && !e.is(Errno.ELOOP)) {
          throw e;
        }
      }
    }
    times.clear();
    timesLength = 0;
  }

  @Override
  public void close() {
    folders.close();
    touched.close();
  }
}
