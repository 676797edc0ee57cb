package org.felucca.linux;

import static org.felucca.linux.OpenFlags.O_CLOEXEC;
import static org.felucca.linux.OpenFlags.O_DIRECTORY;
import static org.felucca.linux.OpenFlags.O_NOFOLLOW;
import static org.felucca.linux.OpenFlags.O_RDONLY;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Walks a tree depth first by descriptors: it follows no link, crosses no mount, needs no path, so
 * no depth is too deep, and opens no more than a few folders at once. A folder that was closed for
 * that reason is found again as {@code ..} of its child and must then be the same inode; if
 * somebody moved the child away meanwhile the walk ends with ESTALE.
 */
final class TreeWalk implements AutoCloseable {
  private static final int MOST_OPEN = 64;
  private static final int BUFFER = 8 * 1024;

  private final Visitor visitor;
  private final Deque<Frame> stack = new ArrayDeque<>();

  /** What to do with what is found; names are relative to {@code parent}. */
  interface Visitor {
    /** Something that is no folder; also one that vanished. */
    void file(Dir parent, String name);

    /** A folder before its content; the name of the top one is empty. */
    default void enter(Dir folder, String name) {}

    /** A folder after its content. */
    default void leave(Dir parent, String name) {}

    /**
     * A folder that could not be opened or read, perhaps a mount point (EXDEV); the walk goes on.
     */
    void failed(LinuxException e);
  }

  private static final class Frame {
    final String name;
    final FileStat identity;
    @Nullable Dir dir;
    @Nullable DirStream stream;
    @Nullable Iterator<DirEntry> rest;

    Frame(String name, Dir dir) {
      this.name = name;
      this.identity = dir.stat();
      this.dir = dir;
      this.stream = DirStream.openedFrom(dir, BUFFER);
    }

    @Nullable DirEntry next() {
      if (stream != null) {
        return stream.next();
      }
      return rest != null && rest.hasNext() ? rest.next() : null;
    }

    /** Closes both descriptors and keeps the names that are still to come. */
    void suspend() {
      Deque<DirEntry> names = new ArrayDeque<>();
      for (DirEntry entry = next(); entry != null; entry = next()) {
        names.add(entry);
      }
      rest = names.iterator();
      close();
    }

    void close() {
      if (stream != null) {
        stream.close();
        stream = null;
      }
      if (dir != null) {
        dir.close();
        dir = null;
      }
    }
  }

  private TreeWalk(Visitor visitor) {
    this.visitor = visitor;
  }

  /**
   * Walks all that is in a folder; the folder itself is entered, but not left. A visitor ends the
   * walk by throwing.
   */
  static void walk(Dir top, Visitor visitor) {
    try (TreeWalk walk = new TreeWalk(visitor)) {
      // A descriptor of the walk's own, as the stack closes what it holds.
      walk.push(new Frame("", Dir.of(top.descriptor().duplicate())));
      walk.run();
    }
  }

  private void push(Frame frame) {
    stack.push(frame);
    if (frame.dir != null) {
      visitor.enter(frame.dir, frame.name);
    }
    if (stack.size() > MOST_OPEN) {
      // The stack is small or deep and rare: to look for its oldest open frame costs little.
      int open = 0;
      for (Frame each : stack) {
        if (each.dir != null && ++open > MOST_OPEN) {
          each.suspend();
          break;
        } else if (each.dir == null) {
          break;
        }
      }
    }
  }

  private void run() {
    while (!stack.isEmpty()) {
      Frame frame = stack.element();
      Dir dir = frame.dir;
      if (dir == null) {
        throw new IllegalStateException("the folder on top is always open");
      }
      DirEntry entry = null;
      try {
        entry = frame.next();
      } catch (LinuxException e) {
        visitor.failed(e); // and leave it
      }
      if (entry == null) {
        leave(frame, dir);
      } else {
        visit(dir, entry);
      }
    }
  }

  private void visit(Dir dir, DirEntry entry) {
    FileType type = entry.type();
    if (type == FileType.UNKNOWN) {
      type = dir.statIfExists(entry.name()).map(FileStat::type).orElse(FileType.UNKNOWN);
    }
    if (type != FileType.DIRECTORY) {
      visitor.file(dir, entry.name());
      return;
    }
    Dir child;
    try {
      child = dir.enter(entry.name());
    } catch (LinuxException e) {
      switch (e.errno()) {
        case ENOTDIR, ENOENT -> visitor.file(dir, entry.name()); // changed meanwhile
        default -> visitor.failed(e);
      }
      return;
    }
    Frame frame;
    try {
      frame = new Frame(entry.name(), child);
    } catch (LinuxException e) {
      child.close();
      visitor.failed(e);
      return;
    }
    push(frame);
  }

  private void leave(Frame frame, Dir dir) {
    stack.pop();
    Frame parent = stack.peek();
    try {
      if (parent != null && parent.dir == null) {
        parent.dir = parentOf(dir, parent.identity);
      }
    } finally {
      frame.close();
    }
    if (parent != null && parent.dir != null) {
      visitor.leave(parent.dir, frame.name);
    }
  }

  private static Dir parentOf(Dir dir, FileStat identity) {
    Dir parent = parentOf(dir);
    FileStat found = parent.stat();
    if (!found.sameFile(identity) || found.mountId() != identity.mountId()) {
      parent.close();
      throw new LinuxException(
          "openat", dir + ", \"..\"", Errno.ESTALE, "the folder was moved during the walk");
    }
    return parent;
  }

  /** The folder that a folder is in now. */
  static Dir parentOf(Dir dir) {
    byte[] up = {'.', '.', 0};
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    return Dir.of(
        Descriptor.opened(
            dir.descriptor().call("openat", "..", fd -> Libc.openat(fd, up, flags, 0)), flags));
  }

  @Override
  public void close() {
    stack.forEach(Frame::close);
    stack.clear();
  }
}
