package org.felucca.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a log: the one that is written, and older ones with the suffixes {@code .1}, {@code
 * .2} and so on, the highest the oldest. All work on them is done by threads that may wait for the
 * disk.
 */
final class LogFiles {
  private static final int OFFSET_BITS = 40;
  private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;
  private static final long INODE_MASK = (1L << (63 - OFFSET_BITS)) - 1;

  private final Path current;
  private final ExecutorService disk;

  LogFiles(Path current, ExecutorService disk) {
    this.current = current;
    this.disk = disk;
  }

  /**
   * An open file. A position is an offset together with the lower bits of the inode number of its
   * file, so that reading goes on at the right place when the file was rotated meanwhile.
   */
  record Part(FileChannel file, long inode) implements AutoCloseable {
    long position(long offset) {
      return inode << OFFSET_BITS | offset;
    }

    static long offset(long position) {
      return position & OFFSET_MASK;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /** What else may be read, the oldest first. */
  private List<Path> paths() throws IOException {
    String name = current.getFileName() + ".";
    Path folder = current.toAbsolutePath().getParent();
    List<Path> paths = new ArrayList<>();
    if (folder != null) {
      try (Stream<Path> all = Files.list(folder)) {
        all.filter(path -> number(name, path) > 0).forEach(paths::add);
      } catch (NoSuchFileException | NotDirectoryException e) {
        return List.of();
      }
    }
    paths.sort(Comparator.comparingInt((Path path) -> number(name, path)).reversed());
    paths.add(current);
    return paths;
  }

  private static int number(String name, Path path) {
    String text = path.getFileName().toString();
    if (!text.startsWith(name)) {
      return 0;
    }
    String digits = text.substring(name.length());
    return digits.matches("[1-9][0-9]{0,3}") ? Integer.parseInt(digits) : 0;
  }

  private @Nullable Part open(Path path) throws IOException {
    try {
      while (true) {
        long inode = inode(path);
        FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
        if (inode == inode(path)) {
          return new Part(file, inode);
        }
        file.close(); // rotated in between
      }
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static long inode(Path path) throws IOException {
    return ((Number) Files.getAttribute(path, "unix:ino")).longValue() & INODE_MASK;
  }

  /** The oldest file; null if there is none yet. */
  @Nullable Part oldest() throws IOException, InterruptedException {
    return onDisk(
        () -> {
          for (Path path : paths()) {
            Part part = open(path);
            if (part != null) {
              return part;
            }
          }
          return null;
        });
  }

  /** The file that is written; null if there is none yet. */
  @Nullable Part newest() throws IOException, InterruptedException {
    return onDisk(() -> open(current));
  }

  /** The file of a position, if it is still there. */
  @Nullable Part at(long position) throws IOException, InterruptedException {
    long inode = position >>> OFFSET_BITS;
    return onDisk(
        () -> {
          for (Path path : paths()) {
            Part part = open(path);
            if (part == null) {
              continue;
            }
            if (part.inode() == inode && part.file().size() >= Part.offset(position)) {
              return part;
            }
            part.close();
          }
          return null;
        });
  }

  /** The file that goes on where this one ends; null if this is the one that is written. */
  @Nullable Part after(Part part) throws IOException, InterruptedException {
    return onDisk(
        () -> {
          try {
            if (part.inode() == inode(current)) {
              return null;
            }
          } catch (NoSuchFileException e) {
            return null; // not begun yet
          }
          Part next = null;
          List<Path> paths = paths();
          for (int i = paths.size() - 1; i >= 0; i--) {
            Part older = open(paths.get(i));
            if (older == null || older.inode() == part.inode()) {
              if (older != null) {
                older.close();
              }
              if (next != null) {
                break;
              }
              continue;
            }
            if (next != null) {
              next.close();
            }
            next = older;
          }
          return next;
        });
  }

  /** The file before this one; null if there is none. */
  @Nullable Part before(Part part) throws IOException, InterruptedException {
    return onDisk(
        () -> {
          Part previous = null;
          for (Path path : paths()) {
            Part next = open(path);
            if (next == null) {
              continue;
            }
            if (next.inode() == part.inode()) {
              next.close();
              return previous;
            }
            if (previous != null) {
              previous.close();
            }
            previous = next;
          }
          if (previous != null) {
            previous.close();
          }
          return null;
        });
  }

  int read(Part part, ByteBuffer buffer, long offset) throws IOException, InterruptedException {
    return onDisk(() -> part.file().read(buffer, offset));
  }

  /** Whether a logger still holds the file that is written; see docs/log-format.md. */
  boolean isWritten() throws IOException, InterruptedException {
    return onDisk(
        () -> {
          try (FileChannel file = FileChannel.open(current, StandardOpenOption.READ);
              FileLock lock = file.tryLock(0, Long.MAX_VALUE, true)) {
            return lock == null;
          } catch (NoSuchFileException e) {
            return false;
          }
        });
  }

  private <T extends @Nullable Object> T onDisk(Callable<T> work)
      throws IOException, InterruptedException {
    Future<T> result = disk.submit(work);
    try {
      return result.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IOException(e.getCause());
    }
  }
}
