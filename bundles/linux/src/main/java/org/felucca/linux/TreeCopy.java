package org.felucca.linux;

import static org.felucca.linux.OpenFlags.O_CREAT;
import static org.felucca.linux.OpenFlags.O_EXCL;
import static org.felucca.linux.OpenFlags.O_NOFOLLOW;
import static org.felucca.linux.OpenFlags.O_PATH;
import static org.felucca.linux.OpenFlags.O_RDONLY;
import static org.felucca.linux.OpenFlags.O_RDWR;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Copies a folder with all that is below it: content, holes, names of the same file, links,
 * devices, fifos, sockets, owners, permissions, extended attributes and times. Blocks are shared
 * where the file system can (reflink), else copied within the kernel. What is mounted below is not
 * copied, no link is followed and no depth is too deep; memory grows only with the files that have
 * several names.
 */
public final class TreeCopy implements AutoCloseable {
  private static final long CHUNK = 64L << 20;
  private static final int BUFFER = 128 * 1024;
  // Set-id bits come last: nobody runs a file that is being made.
  private static final int FOLDER = 0700;
  private static final int FILE = 0600;

  private final Dir top;
  private final Runnable check;
  private final long mountId;
  // Of files with several names: where the first was made.
  private final Map<Long, String> made = new HashMap<>();
  private final StringBuilder path = new StringBuilder();
  private Dir target;
  private boolean reflinks = true;
  private boolean copiesInKernel = true;
  private boolean shared;

  private TreeCopy(Dir from, Dir to, Runnable check) {
    this.top = to;
    this.check = check;
    this.mountId = from.stat().mountId();
    this.target = Dir.of(to.descriptor().duplicate());
  }

  /**
   * Copies. What was made before a failure stays.
   *
   * @param to an empty folder that nobody else works in; it becomes as {@code from} is
   * @param check run before each file and each 64 MiB, to give up by throwing
   * @return whether any content shares its blocks with the original
   */
  public static boolean copy(Dir from, Dir to, Runnable check) {
    try (TreeCopy copy = new TreeCopy(from, to, check)) {
      TreeWalk.walk(from, copy.new Walker());
      attributes(from.descriptor(), to.descriptor(), from.stat());
      return copy.shared;
    }
  }

  /** Goes down and up in the copy as the walk does in the original. */
  private final class Walker implements TreeWalk.Visitor {
    @Override
    public void enter(Dir folder, String name) {
      check.run();
      if (!name.isEmpty()) {
        target.mkdir(name, FOLDER);
        Dir next = target.enter(name);
        target.close();
        target = next;
        path.append(name).append('/');
      }
    }

    @Override
    public void leave(Dir parent, String name) {
      try (Descriptor folder = parent.openPath(name)) {
        attributes(folder, target.descriptor(), folder.stat());
      }
      Dir up = TreeWalk.parentOf(target);
      target.close();
      target = up;
      path.setLength(path.length() - name.length() - 1);
    }

    @Override
    public void file(Dir parent, String name) {
      check.run();
      try (Descriptor file = parent.openPath(name)) {
        FileStat stat = file.stat();
        if (stat.mountId() == mountId) {
          TreeCopy.this.file(file, stat, name);
        }
      }
    }

    @Override
    public void failed(LinuxException e) {
      if (!e.is(Errno.EXDEV)) {
        throw e;
      }
    }
  }

  private void file(Descriptor file, FileStat stat, String name) {
    if (stat.links() > 1) {
      String first = made.putIfAbsent(stat.inode(), path + name);
      if (first != null) {
        int flags = O_PATH | O_NOFOLLOW;
        try (Descriptor other = top.open(first, flags, 0, Resolve.BENEATH | Resolve.NO_SYMLINKS)) {
          target.link(other, name);
        }
        return;
      }
    }
    switch (stat.type()) {
      case REGULAR -> {
        try (Descriptor source = file.reopen(O_RDONLY);
            Descriptor copy = target.openName(name, O_RDWR | O_CREAT | O_EXCL, FILE)) {
          content(source, copy, stat);
          attributes(file, copy, stat);
        }
        return;
      }
      case SYMLINK -> target.symlink(Dir.readlink(file), name);
      default -> target.mknod(name, stat.type(), FILE, stat.node());
    }
    try (Descriptor copy = target.openPath(name)) {
      attributes(file, copy, stat);
    }
  }

  private void content(Descriptor source, Descriptor copy, FileStat stat) {
    if (stat.size() == 0) {
      return;
    }
    if (reflinks) {
      reflinks = FileData.reflink(source, copy);
      if (reflinks) {
        shared = true;
        return;
      }
    }
    if (stat.allocated() >= stat.size()) {
      range(source, copy, 0, stat.size());
      return;
    }
    FileData.truncate(copy, stat.size());
    long offset = FileData.seekData(source, 0);
    while (offset != FileData.NO_DATA && offset < stat.size()) {
      long end = Math.min(FileData.seekHole(source, offset), stat.size());
      range(source, copy, offset, end);
      offset = FileData.seekData(source, end);
    }
  }

  private void range(Descriptor source, Descriptor copy, long start, long end) {
    long offset = start;
    while (copiesInKernel && offset < end) {
      try {
        long wanted = Math.min(CHUNK, end - offset);
        long count = FileData.copyRange(source, offset, copy, offset, wanted);
        if (count == 0) {
          return; // it became shorter meanwhile
        }
        offset += count;
      } catch (LinuxException e) {
        copiesInKernel =
            switch (e.errno()) {
              case EXDEV, EINVAL, EOPNOTSUPP, ENOSYS -> false;
              default -> throw e;
            };
      }
      check.run();
    }
    if (offset < end) {
      throughMemory(source, copy, offset, end);
    }
  }

  private void throughMemory(Descriptor source, Descriptor copy, long start, long end) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    long offset = start;
    while (offset < end) {
      buffer.clear().limit((int) Math.min(BUFFER, end - offset));
      if (FileData.pread(source, buffer, offset) < 0) {
        return;
      }
      buffer.flip();
      int count = buffer.remaining();
      FileData.pwrite(copy, buffer, offset);
      offset += count;
      check.run();
    }
  }

  private static void attributes(Descriptor file, Descriptor copy, FileStat stat) {
    FileStat now = copy.stat();
    if (now.uid() != stat.uid() || now.gid() != stat.gid()) {
      InodeAttributes.chown(copy, stat.uid(), stat.gid());
    }
    if (stat.type() != FileType.SYMLINK && now.permissions() != stat.permissions()) {
      InodeAttributes.chmod(copy, stat.permissions());
    }
    // After the mode, as an access control list says more than it; capabilities after the owner.
    for (String name : Xattrs.list(file)) {
      Xattrs.get(file, name).ifPresent(value -> Xattrs.set(copy, name, value, 0));
    }
    InodeAttributes.setTimes(copy, stat.accessed(), stat.modified());
  }

  @Override
  public void close() {
    target.close();
  }
}
